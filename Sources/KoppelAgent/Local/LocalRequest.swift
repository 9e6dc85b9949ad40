package import KoppelCore

/// What a command of this machine may ask the running agent: one line of words, answered with one JSON document.
///
/// `koppel 1 status`, or `koppel 1 frames BUS FROM` for what went over a bus since frame number FROM. Nothing can be
/// changed over this socket.
package enum LocalRequest: Hashable, Sendable {
    case status
    /// The frames of a bus from this number on; 0 for all there are.
    case frames(bus: Identifier, from: UInt64)

    /// Bytes of a line at most, the line feed included.
    static let longestLine = 4_096
    private static let version = "koppel 1"

    /// `nil` for anything that is none of the above.
    init?(line: some Sequence<UInt8>) {
        let words = String(decoding: Array(line), as: UTF8.self).split(separator: " ", omittingEmptySubsequences: false)
        guard words.count >= 3, words[0...1].joined(separator: " ") == Self.version else { return nil }
        switch (words[2], words.count) {
        case ("status", 3): self = .status
        case ("frames", 5):
            guard let bus = Identifier(String(words[3])), let from = UInt64(words[4]) else { return nil }
            self = .frames(bus: bus, from: from)
        default: return nil
        }
    }

    /// Without the line feed.
    var line: String {
        switch self {
        case .status: "\(Self.version) status"
        case .frames(let bus, let from): "\(Self.version) frames \(bus) \(from)"
        }
    }
}

/// What the agent answers. Exactly one of them is there.
package struct LocalAnswer: Codable, Sendable {
    var status: StatusDocument?
    var frames: FramesDocument?
    /// Why there is no answer, for a person.
    var error: String?
}

/// The frames of one bus.
package struct FramesDocument: Codable, Sendable {
    /// The text of a ``Transcript``.
    var transcript: String
    /// Ask from this number on to get what comes after.
    var next: UInt64
}
