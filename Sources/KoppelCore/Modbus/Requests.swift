/// The address of one server on a bus (Modbus calls it the unit id).
///
/// On a serial line 1 to 247 address a unit, 0 is broadcast and cannot be read. On TCP the whole byte is
/// allowed; 0 and 255 mean "the device itself" to many servers (field rule P25).
package struct UnitID: Hashable, Comparable, Sendable {
    package let rawValue: UInt8

    package init(_ rawValue: UInt8) { self.rawValue = rawValue }

    /// `nil` outside 0 to 255.
    package init?(exactly number: Int) {
        guard let byte = UInt8(exactly: number) else { return nil }
        rawValue = byte
    }

    package static func < (left: UnitID, right: UnitID) -> Bool { left.rawValue < right.rawValue }
}

/// One of the four tables of the Modbus data model. The raw value is the function code that reads it.
package enum RegisterTable: UInt8, CaseIterable, Sendable {
    case coil = 1
    case discreteInput = 2
    case holdingRegister = 3
    case inputRegister = 4

    /// True for coils and discrete inputs, which are one bit each.
    package var isBits: Bool { self == .coil || self == .discreteInput }

    /// The most one request may ask for: 2,000 bits or 125 registers (Modbus application protocol 1.1b3, 6.1 to 6.4).
    package var protocolLimit: Int { isBits ? 2_000 : 125 }

    /// The name used on the command line and in vectors: `coil`, `discrete`, `holding`, `input`.
    package var name: String {
        switch self {
        case .coil: "coil"
        case .discreteInput: "discrete"
        case .holdingRegister: "holding"
        case .inputRegister: "input"
        }
    }
}

/// One read: what to ask of which unit. Start is a zero-based data address.
package struct ReadRequest: Hashable, Sendable {
    package let unit: UnitID
    package let table: RegisterTable
    package let start: UInt16
    /// Registers or bits, 1 up to the table's protocol limit; `start + count` is at most 65,536.
    package let count: UInt16

    /// `nil` if the count is 0, above the protocol limit, or runs past address 65,535.
    package init?(unit: UnitID, table: RegisterTable, start: UInt16, count: Int) {
        guard (1...table.protocolLimit).contains(count), Int(start) + count <= 65_536 else { return nil }
        self.unit = unit
        self.table = table
        self.start = start
        self.count = UInt16(count)
    }
}

/// What the device said to a read. A "no" is an answer, not an error.
package enum ReadOutcome: Hashable, Sendable {
    /// Exactly as many words as were asked for. For coils and discrete inputs each word is 0 or 1.
    case words([UInt16])
    case exception(ModbusException)
}

/// An outcome with the time it belongs to.
package struct ReadAnswer: Sendable {
    package var outcome: ReadOutcome
    /// The middle between sending the request and having the whole answer, on the wall clock.
    package var time: Timestamp
    /// From sending the request to having the whole answer, on the monotonic clock.
    package var elapsed: Duration
    /// Which connection it came over, counted from the first one; always 0 on a serial line. Another device, or another
    /// edition of its software, may be at the end of another connection.
    package var connection: Int

    package init(outcome: ReadOutcome, time: Timestamp, elapsed: Duration, connection: Int = 0) {
        self.outcome = outcome
        self.time = time
        self.elapsed = elapsed
        self.connection = connection
    }
}

/// A Modbus exception code. Any byte can arrive from a device, so this is a value and not a closed list.
///
/// Source: Modbus application protocol 1.1b3, section 7.
package struct ModbusException: Hashable, Sendable, CustomStringConvertible {
    package let code: UInt8

    package init(code: UInt8) { self.code = code }

    package var description: String {
        let name: String =
            switch code {
            case 1: "illegal function"
            case 2: "illegal data address"
            case 3: "illegal data value"
            case 4: "server device failure"
            case 5: "acknowledge"
            case 6: "server device busy"
            case 7: "negative acknowledge"
            case 8: "memory parity error"
            case 10: "gateway path unavailable"
            case 11: "gateway target device failed to respond"
            default: "not in the standard"
            }
        return "exception \(code) (\(name))"
    }
}
