/// Which signals of any machine a sharing policy means: `electrical/active-power`, `electrical/*`, `*/*` (data model
/// 3.17). A star stands for any letters, digits and hyphens, never for the slash.
package struct SignalPattern: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    /// `nil` if the text is not `group/name` of a-z, 0-9, `-` and `*`.
    package init?(_ text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count == 2, text.utf8.count <= 130,
            parts.allSatisfy({ part in
                !part.isEmpty
                    && part.allSatisfy { byte in
                        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
                            || byte == UInt8(ascii: "*")
                    }
            })
        else { return nil }
        description = text
    }

    package func matches(_ name: SignalName) -> Bool {
        let pattern = description.utf8.split(separator: UInt8(ascii: "/"))
        let parts = name.description.utf8.split(separator: UInt8(ascii: "/"))
        return pattern.count == parts.count && zip(pattern, parts).allSatisfy { Self.matches(Array($0), Array($1)) }
    }

    /// Goes back to the last star where it must; at most pattern times text steps.
    private static func matches(_ pattern: [UInt8], _ text: [UInt8]) -> Bool {
        var (place, at) = (0, 0)
        var star: (place: Int, at: Int)?
        while at < text.count {
            if place < pattern.count, pattern[place] == UInt8(ascii: "*") {
                star = (place, at)
                place += 1
            } else if place < pattern.count, pattern[place] == text[at] {
                place += 1
                at += 1
            } else if let last = star {
                star = (last.place, last.at + 1)
                place = last.place + 1
                at = last.at + 1
            } else {
                return false
            }
        }
        return pattern[place...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
