internal import KoppelCore

/// The frame of Modbus TCP: transaction id, protocol id 0, length, unit id, PDU
/// (Modbus messaging on TCP/IP implementation guide 1.0b, 3.1.3).
enum MBAP {
    /// Transaction id, protocol id, length, unit id.
    static let headerLength = 7
    /// What the length field of a frame may say: unit id and a PDU of 1 to 253 bytes.
    static let plausibleLengths = 2...254
    static let maximumFrameLength = 6 + 254

    /// A whole frame at the start of the received bytes.
    struct Frame: Equatable {
        let transaction: UInt16
        let unit: UInt8
        /// All of it, with the header.
        let length: Int

        var pdu: Range<Int> { headerLength..<length }
    }

    enum Scan: Equatable {
        /// Nothing is wrong, but the frame is not whole.
        case incomplete
        case frame(Frame)
        /// What stands here is not a Modbus header, so where the next frame begins is unknown.
        case broken
    }

    /// Looks at the start of a stream for one frame. Waits for no byte that a plausible header did not announce.
    static func scan(_ bytes: Span<UInt8>) -> Scan {
        // Each byte is judged as soon as it is there: a lying header is found before anything is waited for.
        if bytes.count > 2, bytes[2] != 0 { return .broken }
        if bytes.count > 3, bytes[3] != 0 { return .broken }
        guard bytes.count >= 6 else { return .incomplete }
        let length = Int(bytes[4]) << 8 | Int(bytes[5])
        guard plausibleLengths.contains(length) else { return .broken }
        guard bytes.count >= 6 + length else { return .incomplete }
        return .frame(Frame(transaction: transaction(bytes), unit: bytes[6], length: 6 + length))
    }

    /// The transaction id of a frame whose length has arrived; `nil` before.
    static func transactionOfPartialFrame(_ bytes: Span<UInt8>) -> UInt16? {
        bytes.count >= 6 ? transaction(bytes) : nil
    }

    /// The frame that asks.
    static func frame(_ pdu: RequestPDU, unit: UnitID, transaction: UInt16) -> InlineArray<12, UInt8> {
        let body = pdu.bytes
        return [
            UInt8(transaction >> 8), UInt8(transaction & 0xFF), 0, 0, 0, UInt8(1 + RequestPDU.length), unit.rawValue,
            body[0], body[1], body[2], body[3], body[4],
        ]
    }

    private static func transaction(_ bytes: Span<UInt8>) -> UInt16 { UInt16(bytes[0]) << 8 | UInt16(bytes[1]) }
}
