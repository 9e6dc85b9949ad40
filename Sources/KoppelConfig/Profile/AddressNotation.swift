internal import KoppelCore

/// How a profile writes addresses. Converted here and nowhere else (field rule P39).
enum AddressNotation: String, CaseIterable {
    /// The data address as it goes over the wire, 0 to 65,535.
    case zeroBased = "zero-based"
    /// One more than the data address, 1 to 65,536.
    case oneBased = "one-based"
    /// The number of the manual with the table in its first digit: 1 and 10001, 30001, 40001, or six digits.
    case modicon

    /// The zero-based data address of a number in this notation; writes an issue if there is none, or two.
    func address(_ field: Field, table: RegisterTable) -> UInt16? {
        switch self {
        case .zeroBased:
            return field.int(in: 0...65_535).map { UInt16($0) }
        case .oneBased:
            guard field.scalarText.flatMap(wholeNumber) != 0 else {
                field.error(
                    "0 does not exist in one-based addressing",
                    hint: "If the manual counts from 0, write `addressing: zero-based`.")
                return nil
            }
            return field.int(in: 1...65_536).map { UInt16($0 - 1) }
        case .modicon:
            return modicon(field, table: table)
        }
    }

    /// The numbers an address of a table can have.
    ///
    /// A coil of five digits may need a sixth, which a number alone does not tell.
    func numbers(of table: RegisterTable) -> [ClosedRange<Int>] {
        switch (self, Self.digit(table)) {
        case (.zeroBased, _): [0...65_535]
        case (.oneBased, _), (.modicon, 0): [1...65_536]
        case (.modicon, let digit):
            [digit * 10_000 + 1...digit * 10_000 + 9_999, digit * 100_000 + 1...digit * 100_000 + 65_536]
        }
    }

    private func modicon(_ field: Field, table: RegisterTable) -> UInt16? {
        guard let text = field.scalarText, let number = Int(text), number >= 0, !text.hasPrefix("+") else {
            return field.wrongKind(expected: "a number such as 30001, 40001 or 400001")
        }
        var readings: [(table: RegisterTable, number: Int)] = []
        // Five digits: the first names the table, four count from 1. Coils are written without their zero too.
        if text.utf8.count <= 5, let named = Self.table(digit: number / 10_000), number % 10_000 > 0 {
            readings.append((named, number % 10_000))
        }
        // Six digits: five count. A coil loses its leading zero easily, so 10001 may be the coil 010001.
        if text.utf8.count == 6, let named = Self.table(digit: number / 100_000) {
            readings.append((named, number % 100_000))
        } else if table == .coil, text.utf8.count == 5, number > 10_000, number % 10_000 > 0 {
            readings.append((.coil, number))
        }
        readings.removeAll { !(1...65_536).contains($0.number) }
        let agreeing = readings.filter { $0.table == table }
        if readings.count == 1, let only = agreeing.first { return UInt16(only.number - 1) }
        guard !readings.isEmpty else {
            let zeroBased =
                number > 0 && number % 10_000 == 0
                ? " If the manual counts from 0, write `addressing: zero-based`." : ""
            field.error(
                "\(text) is no address in modicon notation", hint: "A \(table.entity) is \(span(table)).\(zeroBased)")
            return nil
        }
        let meanings = readings.map { "\($0.table.entity) \($0.number) (data address \($0.number - 1))" }
        field.error(
            "\(text) and entity \(table.entity) do not agree: \(text) is \(meanings.joined(separator: " or "))",
            hint: hint(for: number, readings: readings, table: table))
        return nil
    }

    private func hint(for number: Int, readings: [(table: RegisterTable, number: Int)], table: RegisterTable) -> String
    {
        if table == .coil { return "Write six digits for the coil: \(sixDigits(table, number))." }
        if number < 10_000 {
            return "\(table.entity) number \(number) is \(Self.digit(table) * 10_000 + number)."
        }
        return "Change `entity`, or write a number that starts with \(Self.digit(table))."
    }

    private func sixDigits(_ table: RegisterTable, _ number: Int) -> String {
        let digits = String(number)
        return String(Self.digit(table)) + String(repeating: "0", count: max(0, 5 - digits.count)) + digits
    }

    private func span(_ table: RegisterTable) -> String {
        let digit = Self.digit(table)
        return "\(digit)0001 to \(digit)9999, or \(digit)00001 to \(digit)65536"
    }

    private static func table(digit: Int) -> RegisterTable? {
        RegisterTable.allCases.first { Self.digit($0) == digit }
    }

    private static func digit(_ table: RegisterTable) -> Int {
        switch table {
        case .coil: 0
        case .discreteInput: 1
        case .inputRegister: 3
        case .holdingRegister: 4
        }
    }
}

extension RegisterTable {
    /// The name in a profile.
    var entity: String {
        switch self {
        case .coil: "Coil"
        case .discreteInput: "DiscreteInput"
        case .holdingRegister: "HoldingRegister"
        case .inputRegister: "InputRegister"
        }
    }
}

extension Field {
    /// One of the four tables by its name in a profile.
    func table() -> RegisterTable? {
        guard let text = string() else { return nil }
        if let table = RegisterTable.allCases.first(where: { $0.entity == text }) { return table }
        error("`\(text)` is no entity", hint: suggestion(for: text, in: RegisterTable.allCases.map(\.entity)))
        return nil
    }
}
