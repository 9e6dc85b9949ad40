internal import KoppelCore

/// What the bytes after the unit id say in answer to one read.
enum AnswerPDU: Equatable {
    case outcome(ReadOutcome)
    case refused(BusError.BadFrame)

    /// How many data bytes `count` registers or bits take.
    static func dataLength(_ table: RegisterTable, count: Int) -> Int {
        table.isBits ? (count + 7) / 8 : count * 2
    }

    /// Compares function code, byte count and exact length with the question, and reads the words.
    ///
    /// - Parameters:
    ///   - pdu: Function code and what follows, without unit id, header and checksum.
    ///   - request: The question. Its words are returned.
    ///   - asked: How many registers or bits were asked for on the wire; at least the count of the request.
    init(_ pdu: Span<UInt8>, to request: ReadRequest, asked: Int? = nil) {
        guard pdu.count >= 2 else {
            self = .refused(.length)
            return
        }
        let function = request.table.rawValue
        if pdu[0] == function | 0x80 {
            // Any byte may be an exception code: devices invent their own.
            self = pdu.count == 2 ? .outcome(.exception(ModbusException(code: pdu[1]))) : .refused(.length)
            return
        }
        guard pdu[0] == function else {
            self = .refused(.function)
            return
        }
        let dataLength = Self.dataLength(request.table, count: asked ?? Int(request.count))
        guard Int(pdu[1]) == dataLength, pdu.count == 2 + dataLength else {
            self = .refused(.length)
            return
        }
        let data = pdu.extracting(droppingFirst: 2)
        self = .outcome(
            .words(request.table.isBits ? bits(data, count: request.count) : words(data, count: request.count)))
    }
}

/// Registers are big-endian on the wire.
private func words(_ data: Span<UInt8>, count: UInt16) -> [UInt16] {
    (0..<Int(count)).map { UInt16(data[2 * $0]) << 8 | UInt16(data[2 * $0 + 1]) }
}

/// Bits are packed eight to a byte, the first in the lowest bit.
private func bits(_ data: Span<UInt8>, count: UInt16) -> [UInt16] {
    (0..<Int(count)).map { UInt16(data[$0 / 8] >> UInt8($0 % 8) & 1) }
}

extension AnswerPDU {
    /// The bytes a server sends for an outcome: the other direction of the same codec.
    static func bytes(_ outcome: ReadOutcome, to table: RegisterTable) -> [UInt8] {
        switch outcome {
        case .exception(let exception): return [table.rawValue | 0x80, exception.code]
        case .words(let words):
            let length = dataLength(table, count: words.count)
            var bytes = [table.rawValue, UInt8(truncatingIfNeeded: length)]
            guard table.isBits else {
                for word in words { bytes += [UInt8(word >> 8), UInt8(word & 0xFF)] }
                return bytes
            }
            bytes += [UInt8](repeating: 0, count: length)
            for (index, word) in words.enumerated() where word != 0 { bytes[2 + index / 8] |= 1 << UInt8(index % 8) }
            return bytes
        }
    }
}
