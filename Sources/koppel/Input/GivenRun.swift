internal import ArgumentParser
internal import KoppelCore

/// Words from one address on, as the command line gives them: `input:0=4366,8000`.
struct GivenRun: Hashable, Sendable, ExpressibleByArgument {
    var table: RegisterTable
    var start: UInt16
    /// Words, or 0 and 1 for coils and discrete inputs; they end at address 65,535 at the latest.
    var words: [UInt16]

    init?(argument: String) {
        guard let equals = argument.firstIndex(of: "="), let colon = argument[..<equals].firstIndex(of: ":"),
            let table = RegisterTable.allCases.first(where: { $0.name == argument[..<colon] }),
            let start = UInt16(argument[argument.index(after: colon)..<equals])
        else { return nil }
        let texts = argument[argument.index(after: equals)...].split(separator: ",", omittingEmptySubsequences: false)
        let words = texts.compactMap { text in
            table.isBits ? Self.bit(text) : Self.word(text)
        }
        guard words.count == texts.count, Int(start) + words.count <= 65_536 else { return nil }
        self.table = table
        self.start = start
        self.words = words
    }

    private static func bit(_ text: Substring) -> UInt16? {
        ["0": 0, "1": 1][text]
    }

    /// One to four hex digits, with or without 0x.
    private static func word(_ text: Substring) -> UInt16? {
        let digits = text.hasPrefix("0x") || text.hasPrefix("0X") ? text.dropFirst(2) : text
        guard (1...4).contains(digits.count), digits.allSatisfy(\.isHexDigit) else { return nil }
        return UInt16(digits, radix: 16)
    }
}
