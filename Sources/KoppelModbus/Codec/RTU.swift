internal import KoppelCore

/// The frame of Modbus RTU: unit id, PDU, checksum (Modbus over serial line 1.02, 2.5.1).
///
/// A serial line has no frame marks that survive a USB adapter, so an answer is found by what it must look like:
/// unit, function, byte count, exact length and checksum. Noise before it is skipped.
enum RTU {
    /// Unit id, PDU of at most 253 bytes, checksum.
    static let maximumFrameLength = 256
    /// The shortest frame: unit id, function code, one byte, checksum.
    static let minimumFrameLength = 5

    /// The CRC-16 of the serial line specification, appendix B, as it is sent: low byte first in memory.
    static func checksum(_ bytes: Span<UInt8>) -> UInt16 {
        var crc: UInt16 = 0xFFFF
        for index in bytes.indices { crc = crc >> 8 ^ table[Int(UInt8(crc & 0xFF) ^ bytes[index])] }
        return crc
    }

    /// The frame that asks: unit id, PDU, checksum.
    static func frame(_ pdu: RequestPDU, unit: UnitID) -> InlineArray<8, UInt8> {
        let body = pdu.bytes
        var frame: InlineArray<8, UInt8> = [unit.rawValue, body[0], body[1], body[2], body[3], body[4], 0, 0]
        let sum = checksum(frame.span.extracting(droppingLast: 2))
        frame[6] = UInt8(sum & 0xFF)
        frame[7] = UInt8(sum >> 8)
        return frame
    }

    /// True if the last two bytes are the checksum of those before.
    static func hasValidChecksum(_ frame: Span<UInt8>) -> Bool {
        guard frame.count >= 4 else { return false }
        let sum = checksum(frame.extracting(droppingLast: 2))
        return frame[frame.count - 2] == UInt8(sum & 0xFF) && frame[frame.count - 1] == UInt8(sum >> 8)
    }

    private static let table: [UInt16] = (0..<256).map { index in
        (0..<8).reduce(UInt16(index)) { crc, _ in crc & 1 != 0 ? crc >> 1 ^ 0xA001 : crc >> 1 }
    }

    /// Where the answer to a read stands in the received bytes, checksum included; `nil` if it is not there (yet).
    /// `asked` is how many registers or bits were asked for on the wire.
    static func findAnswer(in bytes: Span<UInt8>, unit: UnitID, table: RegisterTable, asked: Int) -> Range<Int>? {
        guard bytes.count >= minimumFrameLength else { return nil }
        let dataLength = AnswerPDU.dataLength(table, count: asked)
        for start in 0...(bytes.count - minimumFrameLength) where bytes[start] == unit.rawValue {
            let function = bytes[start + 1]
            let length: Int
            if function == table.rawValue, Int(bytes[start + 2]) == dataLength {
                length = 5 + dataLength
            } else if function == table.rawValue | 0x80 {
                length = minimumFrameLength
            } else {
                continue
            }
            guard start + length <= bytes.count else { continue }
            if hasValidChecksum(bytes.extracting(start..<start + length)) { return start..<start + length }
        }
        return nil
    }

    /// Says why the received bytes are no answer, for the technician. `nil` if nothing came at all.
    static func diagnose(_ bytes: Span<UInt8>, unit: UnitID, table: RegisterTable) -> BusError.BadFrame? {
        guard bytes.count > 0 else { return nil }
        guard hasValidChecksum(bytes) else {
            let isCut = bytes.count < minimumFrameLength || bytes.count < 5 + Int(bytes[2])
            let looksLikeOurs = bytes[0] == unit.rawValue && (bytes.count < 2 || bytes[1] & 0x7F == table.rawValue)
            return isCut && looksLikeOurs ? .length : .checksum
        }
        if bytes[0] != unit.rawValue { return .unit }
        return bytes[1] & 0x7F == table.rawValue ? .length : .function
    }

    /// True if the bytes after an answer may be the beginning of another answer of the same unit. Up to three stray
    /// bytes are what a line driver leaves when it is switched off.
    static func mayBeAnotherAnswer(_ tail: Span<UInt8>, unit: UnitID) -> Bool {
        tail.count > 3 || (tail.count > 0 && tail[0] == unit.rawValue)
    }
}
