internal import KoppelCore

/// Writes out the anchors (`scan_interval: &slow 600`) and aliases (`scan_interval: *slow`) of single values, which
/// configurations of Home Assistant use and Koppel's own files do not know.
///
/// Only an anchor or alias that is the whole value of its line counts. Those of lists and mappings stay, and are
/// refused by the parser. Every line stays where it was. The text grows to at most ``DocumentLimits/bytes``.
struct ScalarAliases {
    let text: String

    init(writingOut source: String) throws(SyntaxFault) {
        // What is commented out may name what is not there.
        var lines = source.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map { line in
            line.drop(while: \.isWhitespace).hasPrefix("#") ? "" : String(line)
        }
        let anchors = Set(lines.compactMap { Self.value(of: $0) }.filter { $0.hasPrefix("&") }.map(Self.name(of:)))
        var values: [Substring: Substring] = [:]
        var bytes = source.utf8.count
        for index in lines.indices {
            let line = lines[index]
            guard let value = Self.value(of: line), let sign = value.first, sign == "&" || sign == "*" else { continue }
            let name = Self.name(of: value)
            let rest = value.dropFirst(1 + name.count).drop(while: \.isWhitespace)
            let position = SourcePosition(line: index + 1, column: line[..<value.startIndex].count + 1)
            guard !name.isEmpty, name.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" }) else {
                continue
            }
            if sign == "&" {
                // What follows a comment sign or opens something longer is no single value.
                guard let first = rest.first, !"#[{|>&*!".contains(first) else { continue }
                values[name] = rest
                lines[index] = String(line[..<value.startIndex]) + rest
            } else if rest.isEmpty || rest.hasPrefix("#") {
                guard let meant = values[name] else {
                    if anchors.contains(name) { continue }
                    throw SyntaxFault(
                        position: position, sentence: "`*\(name)` stands for a value that is not in this file",
                        hint: "Write the value here: its anchor `&\(name)` is in another file.")
                }
                bytes += meant.utf8.count
                guard bytes <= DocumentLimits.bytes else {
                    throw SyntaxFault(position: position, sentence: "with its aliases the file is larger than 4 MiB")
                }
                lines[index] = String(line[..<value.startIndex]) + meant
            }
        }
        text = lines.joined(separator: "\n")
    }

    private static func name(of value: Substring) -> Substring { value.dropFirst().prefix { !$0.isWhitespace } }

    /// What stands behind `key:` or `-`, without blanks around it.
    private static func value(of line: String) -> Substring? {
        var rest = line[...].drop(while: \.isWhitespace)
        while let last = rest.last, last.isWhitespace { rest = rest.dropLast() }
        while rest.hasPrefix("- ") { rest = rest.dropFirst(2).drop(while: \.isWhitespace) }
        if let first = rest.first, "&*".contains(first) { return rest }
        let key = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" }
        guard !key.isEmpty, rest.dropFirst(key.count).hasPrefix(": ") else { return nil }
        return rest.dropFirst(key.count + 2).drop(while: \.isWhitespace)
    }
}
