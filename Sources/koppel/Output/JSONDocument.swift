internal import Foundation

/// The one document a command writes with `--json`.
enum JSONDocument {
    /// The document with its keys in alphabetical order, so that two runs can be compared line by line, and a line
    /// feed at the end.
    ///
    /// - Throws: `EncodingError` if a number is not finite: that is a mistake of the command and not of its input.
    static func text(_ value: some Encodable) throws -> String {
        try encoded(value, [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes])
    }

    /// The same on one line, for a stream of them.
    static func line(_ value: some Encodable) throws -> String {
        try encoded(value, [.sortedKeys, .withoutEscapingSlashes])
    }

    private static func encoded(_ value: some Encodable, _ format: JSONEncoder.OutputFormatting) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = format
        return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
    }
}
