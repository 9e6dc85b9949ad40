internal import ArgumentParser
internal import KoppelCore

/// Words from one address on, as the command line gives them: `input:0=4366,8000`.
struct GivenRun: Hashable, Sendable {
    var table: RegisterTable
    var start: UInt16
    /// Words, or 0 and 1 for coils and discrete inputs; they end at address 65,535 at the latest.
    var words: [UInt16]

    /// - Throws: `ValidationError` with what is wrong and an example.
    init(parsing argument: String) throws {
        guard let equals = argument.firstIndex(of: "="), let colon = argument[..<equals].firstIndex(of: ":") else {
            throw ValidationError("Write TABLE:START=WORDS, for example input:0=4366,8000.")
        }
        guard let table = RegisterTable.allCases.first(where: { $0.name == argument[..<colon] }) else {
            throw ValidationError("`\(argument[..<colon])` is no table. Known are coil, discrete, holding and input.")
        }
        let startText = argument[argument.index(after: colon)..<equals]
        guard let start = GivenAddress(argument: String(startText)).flatMap({ UInt16(exactly: $0.number) }) else {
            throw ValidationError("`\(startText)` is no data address: 0 to 65535 or 0x0 to 0xFFFF, zero-based.")
        }
        self.table = table
        self.start = start
        let texts = argument[argument.index(after: equals)...].split(separator: ",", omittingEmptySubsequences: false)
        words = try texts.map { try table.isBits ? Self.bit($0) : Self.word($0) }
        guard Int(start) + words.count <= 65_536 else {
            throw ValidationError("The words run past data address 65535.")
        }
    }

    private static func bit(_ text: Substring) throws -> UInt16 {
        guard let bit: UInt16 = ["0": 0, "1": 1][text] else {
            throw ValidationError("`\(text)` is no bit: write 0 or 1.")
        }
        return bit
    }

    /// One to four hex digits, with or without 0x.
    private static func word(_ text: Substring) throws -> UInt16 {
        let digits = text.hasPrefix("0x") || text.hasPrefix("0X") ? text.dropFirst(2) : text
        guard (1...4).contains(digits.count), digits.allSatisfy({ $0.isHexDigit && $0.isASCII }),
            let word = UInt16(digits, radix: 16)
        else {
            throw ValidationError("`\(text)` is no word: write up to four hex digits, for example 4366 or 0x8000.")
        }
        return word
    }
}
