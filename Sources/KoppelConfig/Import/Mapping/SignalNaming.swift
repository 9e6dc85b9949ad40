internal import Foundation
internal import KoppelCore

/// Makes names of signals out of the names that other programs and people use; each once.
struct SignalNaming: Sendable {
    private static let longest = 32
    private var taken: Set<SignalName> = []
    /// How often a name was asked for, so that many of one kind are found quickly.
    private var counts: [String: Int] = [:]

    /// The name as it is if it is one, else `group/` and the letters and digits of it.
    mutating func name(for text: String, group: String) -> SignalName {
        if let name = SignalName(text), taken.insert(name).inserted { return name }
        let base = Self.slug(text).isEmpty ? "value" : Self.slug(text)
        let group = Self.slug(group).isEmpty ? "measured" : Self.slug(group)
        while true {
            let number = counts["\(group)/\(base)", default: 0] + 1
            counts["\(group)/\(base)"] = number
            let end = number == 1 ? "" : "-\(number)"
            let stem = Self.trimmed(String(base.prefix(Self.longest - end.count)))
            if let name = SignalName("\(group)/\(stem)\(end)"), taken.insert(name).inserted { return name }
        }
    }

    /// `Spannung L1-N` becomes `spannung-l1-n`; at most 32 characters, and empty if nothing is left.
    static func slug(_ text: String) -> String {
        var result = ""
        var lowerRun = 0
        let folded = text.replacing("ß", with: "ss").folding(options: .diacriticInsensitive, locale: nil)
        for scalar in folded.unicodeScalars {
            switch scalar {
            case "a"..."z", "0"..."9":
                result.unicodeScalars.append(scalar)
                lowerRun += 1
            case "A"..."Z":
                // activePower is two words, kWh is one.
                if lowerRun >= 2, result.last?.isLetter == true { result.append("-") }
                result += String(scalar).lowercased()
                lowerRun = 0
            default:
                if !result.isEmpty, !result.hasSuffix("-") { result.append("-") }
                lowerRun = 0
            }
        }
        return trimmed(String(result.prefix(longest)))
    }

    private static func trimmed(_ text: String) -> String {
        var text = text[...]
        while text.hasSuffix("-") { text = text.dropLast() }
        while text.hasPrefix("-") { text = text.dropFirst() }
        return String(text)
    }
}
