/// Rules that every line of ours keeps and no compiler checks.
enum SourceRules {
    /// What a line breaks, in words; `nil` if it keeps them all.
    static func fault(in line: String) -> String? {
        if let word = forbidden.first(where: { line.contains($0.text) }) { return "\(word.text): \(word.instead)" }
        // The C library has the old word in two of its functions, other programs have it in keys of their files.
        let theirs = [
            "modbus_set_slave", "modbus_get_slave", "\"slave_id\"", "\"slave\"", "`slave`", "\"slave_count\"",
        ]
        let ours = theirs.reduce(line) { $0.replacing($1, with: "") }
        return ours.lowercased().contains("slave") ? "Modbus calls it a server, and its number the unit id" : nil
    }

    private static let forbidden: [(text: String, instead: String)] = [
        ("try!", "throw a typed error, or handle it"),
        ("fatalError(", "precondition with a sentence for our own faults, a typed error for all others"),
        ("DispatchQueue", "blocking calls live on a ThreadExecutor"),
        ("Foundation.Process", "only swift-subprocess starts processes"),
        (" Process()", "only swift-subprocess starts processes"),
        ("XCTest", "Swift Testing only"),
        ("TODO", "do it now, or write an issue"),
        ("FIXME", "fix it now, or write an issue"),
    ]

    /// The words that switch off a check of the compiler.
    static let escapeHatches = ["@unchecked Sendable", "nonisolated(unsafe)"]

    /// The numbers, from 1, of lines that switch off a check without a comment directly above that says why.
    ///
    /// Attributes, and other lines under the same comment that switch off the same check, may stand between.
    static func unexplainedEscapes(in lines: [String]) -> [Int] {
        let trimmed = lines.map { $0.drop { $0 == " " || $0 == "\t" } }
        return trimmed.indices.filter { index in
            guard !isComment(trimmed[index]), let hatch = escapeHatches.first(where: { trimmed[index].contains($0) })
            else {
                return false
            }
            var above = index - 1
            while above >= 0,
                trimmed[above].hasPrefix("@") || (!isComment(trimmed[above]) && trimmed[above].contains(hatch))
            {
                above -= 1
            }
            return above < 0 || !isComment(trimmed[above])
        }.map { $0 + 1 }
    }

    private static func isComment(_ line: Substring) -> Bool { line.hasPrefix("//") }
}
