/// The name of one signal of a machine: `group/name`, for example `electrical/voltage` (data model 3.3).
///
/// Both parts match `[a-z0-9][a-z0-9-]{0,31}`, so a name can never inject a topic level.
package struct SignalName: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let description: String

    /// `nil` if the text is not `group/name` in the closed alphabet.
    package init?(_ text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ isIdentifier($0) }) else { return nil }
        description = text
    }

    /// The part before the slash.
    package var group: Substring { description[..<(description.firstIndex(of: "/") ?? description.endIndex)] }

    package static func < (left: SignalName, right: SignalName) -> Bool { left.description < right.description }
}

/// An id that may stand in a topic: `[a-z0-9][a-z0-9-]{0,31}` (data model 3.3).
package struct Identifier: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let description: String

    /// `nil` if the text is outside the closed alphabet or longer than 32 characters.
    package init?(_ text: String) {
        guard isIdentifier(text.utf8[...]) else { return nil }
        description = text
    }

    package static func < (left: Identifier, right: Identifier) -> Bool { left.description < right.description }
}

private func isIdentifier(_ text: Substring.UTF8View) -> Bool {
    guard (1...32).contains(text.count), text.first != UInt8(ascii: "-") else { return false }
    return text.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
        default: false
        }
    }
}

/// The number of a machine in one journal: dense, from 0, never given to another machine.
package struct MachineNumber: Codable, Hashable, Comparable, Sendable {
    package let rawValue: Int

    package init(rawValue: Int) { self.rawValue = rawValue }

    package static func < (left: MachineNumber, right: MachineNumber) -> Bool { left.rawValue < right.rawValue }
}

/// The number of a signal within its machine: dense, from 0, given by the journal once per name and never reused.
///
/// At most 65,535 signals a machine. It doubles as the alias that is published.
package struct SignalNumber: Codable, Hashable, Comparable, Sendable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package static func < (left: SignalNumber, right: SignalNumber) -> Bool { left.rawValue < right.rawValue }
}

// As texts, and checked again when they are read.

extension SignalName: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let name = SignalName(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "this is no name of a signal")
        }
        self = name
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension Identifier: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let id = Identifier(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "this is no identifier")
        }
        self = id
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
