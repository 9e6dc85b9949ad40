/// One way to read registers as a number that was tried on real words. A proposal, never a fact (field rule P48).
package struct RegisterCandidate: Hashable, Sendable {
    package var reading: AddressReading
    package var wire: WireType
    package var order: ByteOrder
    /// The power of ten the raw number is multiplied by, -4 to 3.
    package var exponent: Int

    package init(reading: AddressReading, wire: WireType, order: ByteOrder, exponent: Int) {
        self.reading = reading
        self.wire = wire
        self.order = order
        self.exponent = exponent
    }

    /// Every way that is tried for one reading of the address.
    ///
    /// Numbers only, no texts and no single bits. Floats are tried as they are, in thousands and in thousandths.
    package static func all(for reading: AddressReading) -> [RegisterCandidate] {
        types.flatMap { wire in
            orders(of: wire).flatMap { order in
                exponents(of: wire).map {
                    RegisterCandidate(reading: reading, wire: wire, order: order, exponent: $0)
                }
            }
        }
    }

    /// The number types, in the order of the profile format.
    package static let types: [WireType] = [
        .int8(.high), .int8(.low), .uint8(.high), .uint8(.low), .int16, .uint16, .int32, .uint32, .int64, .uint64,
        .float32, .float64, .bcd(registers: 1), .bcd(registers: 2), .bcd(registers: 4),
    ]

    /// Each order that makes a difference for a type: a closed set (field rule P36).
    package static func orders(of wire: WireType) -> [ByteOrder] {
        switch wire {
        case .int8, .uint8: return [.specification]
        default: break
        }
        let both = [false, true]
        return (wire.registers == 4 ? both : [false]).flatMap { doubleWords in
            (wire.registers >= 2 ? both : [false]).flatMap { words in
                both.map { ByteOrder(bytes: $0, words: words, doubleWords: doubleWords) }
            }
        }
    }

    package static func exponents(of wire: WireType) -> [Int] {
        wire == .float32 || wire == .float64 ? [0, -3, 3] : [0, -1, -2, -3, -4, 1, 2, 3]
    }

    /// What the raw number is multiplied by, as a profile writes it.
    package var scale: Double {
        exponent < 0 ? 1 / powerOfTen(-exponent) : powerOfTen(exponent)
    }

    /// The same as a point of a profile.
    package func point(named signal: SignalName) -> Point {
        Point(
            signal: signal, table: reading.table, address: reading.address, wire: wire, order: order,
            scaling: exponent == 0 ? .none : Scaling(scale: scale, offset: 0), kind: .measurement)
    }
}
