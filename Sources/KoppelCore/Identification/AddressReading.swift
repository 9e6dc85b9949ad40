/// One thing that the number of an address in a manual can mean (field rule P39).
package struct AddressReading: Hashable, Sendable {
    package enum Notation: String, Sendable {
        /// The number is the data address that goes over the wire.
        case zeroBased = "zero-based"
        /// The number is one more than the data address.
        case oneBased = "one-based"
        /// The first digit names the table: 30001, 40001, or six digits.
        case modicon
    }

    package var notation: Notation
    package var table: RegisterTable
    /// The zero-based data address.
    package var address: UInt16

    package init(notation: Notation, table: RegisterTable, address: UInt16) {
        self.notation = notation
        self.table = table
        self.address = address
    }

    /// Every meaning of a number for the two tables of registers, likeliest first.
    ///
    /// Numbers are 0 to 65,535, or six digits from 300001 or 400001 on. Others mean nothing.
    package static func all(of number: Int) -> [AddressReading] {
        var readings: [AddressReading] = []
        let ways =
            [(30_001...39_999, 30_001), (40_001...49_999, 40_001), (300_001...365_536, 300_001)]
            + [(400_001...465_536, 400_001)]
        for (numbers, first) in ways where numbers.contains(number) {
            let isInput = first / 10_000 == 3 || first / 100_000 == 3
            readings.append(
                AddressReading(
                    notation: .modicon, table: isInput ? .inputRegister : .holdingRegister,
                    address: UInt16(number - first)))
        }
        for (notation, base) in [(Notation.zeroBased, 0), (.oneBased, 1)] {
            guard let address = UInt16(exactly: number - base) else { continue }
            for table in [RegisterTable.inputRegister, .holdingRegister] {
                readings.append(AddressReading(notation: notation, table: table, address: address))
            }
        }
        return readings
    }
}
