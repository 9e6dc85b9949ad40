package import KoppelCore

/// Recorded or computed words of a device with the values they mean: the proof of a profile.
package struct VectorsFile: Hashable, Sendable {
    /// The profile's own id, the value of `profile:` in its file.
    package var profile: Identifier
    package var vectors: [Vector]

    package struct Vector: Hashable, Sendable {
        package var name: String
        /// Per table, from zero-based start address to words. For coils and discrete inputs a word is 0 or 1.
        package var words: [RegisterTable: [UInt16: [UInt16]]]
        package var expectations: [SignalName: Expectation]
    }

    /// What one signal must say.
    package struct Expectation: Hashable, Sendable {
        package var value: ExpectedValue
        /// UCUM; `nil` if the vector does not say.
        package var unit: String?
        package var quality: Quality
        package var reason: String?
        /// Where it stands in the file.
        package var position = SourcePosition.start

        /// What is different, in a few words; `nil` if the decoded value is as expected.
        package func difference(to decoded: Decoded, unit actualUnit: UnitOfMeasure?) -> String? {
            if decoded.condition.quality != quality || decoded.condition.reason != reason {
                let actual = decoded.condition.quality.name + (decoded.condition.reason.map { " (\($0))" } ?? "")
                return "quality is \(actual), not \(quality.name)" + (reason.map { " (\($0))" } ?? "")
            }
            if !value.matches(decoded.value) {
                return "value is \(decoded.value.map(plain) ?? "nothing"), not \(value)"
            }
            if let unit, unit != actualUnit?.ucum { return "unit is \(actualUnit?.ucum ?? "none"), not \(unit)" }
            return nil
        }
    }

    /// A value as the file writes it; compared in the type of the decoded one.
    package enum ExpectedValue: Hashable, Sendable, CustomStringConvertible {
        case none
        case bool(Bool)
        /// The number as written, so that 64 bits lose nothing.
        case number(String)
        case text(String)

        package func matches(_ value: Value?) -> Bool {
            switch (self, value) {
            case (.none, nil): true
            case (.bool(let expected), .bool(let actual)): expected == actual
            case (.text(let expected), .text(let actual)): expected == actual
            case (.number(let text), .int(let actual)): Int64(text) == actual
            case (.number(let text), .uint(let actual)): UInt64(text) == actual
            case (.number(let text), .float(let actual)): Float(text) == actual
            case (.number(let text), .double(let actual)): Double(text) == actual
            default: false
            }
        }

        package var description: String {
            switch self {
            case .none: "nothing"
            case .bool(let value): "\(value)"
            case .number(let text): text
            case .text(let text): "\"\(text)\""
            }
        }
    }
}

private func plain(_ value: Value) -> String {
    switch value {
    case .bool(let value): "\(value)"
    case .int(let value): "\(value)"
    case .uint(let value): "\(value)"
    case .float(let value): "\(value)"
    case .double(let value): "\(value)"
    case .text(let value): "\"\(value)\""
    }
}
