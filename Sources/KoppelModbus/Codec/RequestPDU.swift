internal import KoppelCore

/// The bytes of a read request after the unit id: function code, start, count.
///
/// It is made from a ``ReadRequest`` only, whose table has function code 1 to 4, so no write can ever be sent.
struct RequestPDU: Equatable {
    /// Function code and four bytes (Modbus application protocol 1.1b3, 6.1 to 6.4).
    static let length = 5

    let function: UInt8
    let start: UInt16
    /// Registers or bits.
    let count: UInt16

    init(_ request: ReadRequest, count: Int? = nil) {
        function = request.table.rawValue
        start = request.start
        self.count = count.map { UInt16(truncatingIfNeeded: $0) } ?? request.count
    }

    var bytes: InlineArray<5, UInt8> {
        [function, UInt8(start >> 8), UInt8(start & 0xFF), UInt8(count >> 8), UInt8(count & 0xFF)]
    }

    /// Reads a request as a server receives it: unit id first, then the PDU.
    ///
    /// `nil` if it does not ask to read, or asks for what the protocol does not allow.
    static func read(unit: UInt8, pdu: Span<UInt8>) -> ReadRequest? {
        guard pdu.count == length, let table = RegisterTable(rawValue: pdu[0]) else { return nil }
        return ReadRequest(
            unit: UnitID(unit), table: table, start: UInt16(pdu[1]) << 8 | UInt16(pdu[2]),
            count: Int(pdu[3]) << 8 | Int(pdu[4]))
    }
}
