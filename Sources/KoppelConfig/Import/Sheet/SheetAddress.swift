internal import KoppelCore

/// How a sheet counts its addresses.
package enum SheetAddressing: String, CaseIterable, Sendable {
    case zeroBased = "zero-based"
    case oneBased = "one-based"
    case modicon
}

/// The address of a cell: `30001`, `0x10`, `10h`, `4x0001`, the first of `40001-40002`, or the bit `40001.3`.
struct SheetAddress: Hashable {
    var number: Int
    /// How many registers a span has.
    var count: Int?
    /// Written with 0x or h, or in a column that says so.
    var isHex = false
    /// `3x` and `4x` before a number name its table.
    var table: RegisterTable?
    /// What stands behind a point, 0 to 15.
    var bit: Int?

    /// `nil` if the cell holds no address.
    init?(_ text: String, isHex: Bool) {
        var text = text.lowercased().filter { $0 != " " && $0 != "\u{A0}" && $0 != "'" && $0 != "#" }
        for word in ["t/m", "through", "thru", "tot", "bis"] { text = text.replacing(word, with: "-") }
        let halves = text.split(separator: ".", omittingEmptySubsequences: false)
        if halves.count == 2, (1...2).contains(halves[1].count), let bit = Int(halves[1]), (0...15).contains(bit) {
            (self.bit, text) = (bit, String(halves[0]))
        }
        let separators: [Character] = ["-", "–", "…", "/", "~", ":"]
        let parts = text.replacing("..", with: "-").split { separators.contains($0) }
        guard (1...2).contains(parts.count), let first = Self.number(parts[0], isHex: isHex) else { return nil }
        (number, self.isHex, table) = (first.number, first.isHex, first.table)
        guard parts.count == 2 else { return }
        guard bit == nil else { return nil }
        guard let last = Self.number(parts[1], isHex: self.isHex), last.number >= number, last.number - number < 125
        else {
            return nil
        }
        count = last.number - number + 1
    }

    private static func number(_ text: Substring, isHex: Bool) -> (number: Int, isHex: Bool, table: RegisterTable?)? {
        if text.hasPrefix("0x") { return Int(text.dropFirst(2), radix: 16).map { ($0, true, nil) } }
        if text.hasSuffix("h") { return Int(text.dropLast(), radix: 16).map { ($0, true, nil) } }
        if isHex { return Int(text, radix: 16).map { ($0, true, nil) } }
        let named: [(Substring, RegisterTable)] = [
            ("1x", .discreteInput), ("3x", .inputRegister), ("4x", .holdingRegister),
        ]
        for (prefix, table) in named where text.hasPrefix(prefix) {
            return Int(text.dropFirst(2)).map { ($0, false, table) }
        }
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int(text).map { ($0, false, nil) }
    }

    /// True for the numbers of the old notation that name their table.
    var isModicon: Bool {
        guard !isHex, table == nil else { return table != nil }
        switch number {
        case 10_001...19_999, 30_001...39_999, 40_001...49_999, 100_001...165_536, 300_001...365_536,
            400_001...465_536:
            return true
        default: return false
        }
    }

    /// The zero-based data address, and the table if the number names it; `nil` if there is no such address.
    func place(_ addressing: SheetAddressing) -> (address: Int, table: RegisterTable?)? {
        switch addressing {
        case .zeroBased: return (number, table)
        case .oneBased: return number >= 1 ? (number - 1, table) : nil
        case .modicon:
            if let table { return number >= 1 ? (number - 1, table) : nil }
            guard !isHex else { return nil }
            let isSixDigits = number >= 100_000
            let tables: [Int: RegisterTable] = [
                0: .coil, 1: .discreteInput, 3: .inputRegister, 4: .holdingRegister,
            ]
            let size = isSixDigits ? 100_000 : 10_000
            guard let table = tables[number / size], number % size >= 1 else { return nil }
            return (number % size - 1, table)
        }
    }
}

extension RegisterTable {
    /// The table a cell names, also as `4x` or `HR`; `nil` if it names none. A bare digit could be a function code.
    init?(sheetTable text: String) {
        let plain = text.lowercased().filter { $0.isLetter || $0.isNumber }
        let names: [(RegisterTable, [String])] = [
            (.coil, ["coil", "coils", "coilstatus", "0x", "0xxxx", "co", "digitaloutput", "do"]),
            (
                .discreteInput,
                ["discreteinput", "discreteinputs", "discrete", "inputstatus", "1x", "1xxxx", "di", "digitalinput"]
            ),
            (
                .inputRegister,
                ["input", "inputregister", "inputregisters", "ir", "3x", "3xxxx", "analoginput", "ai", "inputreg"]
            ),
            (
                .holdingRegister,
                ["holding", "holdingregister", "holdingregisters", "hr", "4x", "4xxxx", "holdingreg"]
            ),
        ]
        guard let table = names.first(where: { $0.1.contains(plain) })?.0 else { return nil }
        self = table
    }

    /// The table of the first function code in a cell that reads: `3`, `0x04`, `FC03`, `03/06/16`.
    init?(sheetFunction text: String) {
        let numbers = text.lowercased().replacing("0x", with: "").split { !$0.isNumber }.compactMap { Int($0) }
        let tables: [Int: RegisterTable] = [
            1: .coil, 2: .discreteInput, 3: .holdingRegister, 4: .inputRegister,
        ]
        guard let table = numbers.lazy.compactMap({ tables[$0] }).first else { return nil }
        self = table
    }
}
