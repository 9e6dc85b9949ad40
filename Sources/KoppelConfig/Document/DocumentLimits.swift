/// How large a file may be before anything of it is parsed (fault X08).
///
/// The scan is a single pass over the bytes and knows no YAML, so it errs on the side of refusing: each node of a
/// document needs at least one of the bytes it counts.
enum DocumentLimits {
    /// Bytes of one file: 4 MiB.
    static let bytes = 4 << 20
    /// Levels of lists and mappings inside each other.
    static let depth = 64
    /// Keys and values of one file.
    static let nodes = 1_000_000

    struct Refusal {
        var position: SourcePosition
        var sentence: String
        var hint: String
    }

    /// Why this text must not be handed to the parser; `nil` if it may.
    static func refusal(of text: String) -> Refusal? {
        var scan = Scan()
        for byte in text.utf8 { scan.take(byte) }
        if scan.separators > nodes {
            return Refusal(
                position: .start, sentence: "the file holds more than 1,000,000 keys and values",
                hint: "Split it over several files.")
        }
        // An anchor alone is refused after parsing, an alias alone is one to nothing. Only both together can grow.
        if scan.hasAnchor, let alias = scan.firstAlias {
            return Refusal(
                position: alias, sentence: "anchors (&name) and aliases (*name) are not allowed",
                hint: "Write the value out in each place; put a text that starts with & or * in quotes.")
        }
        return nil
    }

    private struct Scan {
        var separators = 0
        var hasAnchor = false
        var firstAlias: SourcePosition?
        private var position = SourcePosition.start
        private var previous = UInt8(ascii: "\n")
        private var beforePrevious = UInt8(ascii: "\n")

        mutating func take(_ byte: UInt8) {
            if isNameByte(byte), startsToken(beforePrevious) {
                if previous == UInt8(ascii: "&") { hasAnchor = true }
                if previous == UInt8(ascii: "*"), firstAlias == nil {
                    firstAlias = SourcePosition(line: position.line, column: position.column - 1)
                }
            }
            switch byte {
            case UInt8(ascii: ","), UInt8(ascii: ":"), UInt8(ascii: "["), UInt8(ascii: "{"), UInt8(ascii: "?"):
                separators += 1
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
                separators += 1
            default: break
            }
            if byte == UInt8(ascii: "\n") {
                position = SourcePosition(line: position.line + 1, column: 1)
            } else if byte & 0xC0 != 0x80 {
                position.column += 1
            }
            (beforePrevious, previous) = (previous, byte)
        }

        private func isNameByte(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"): true
            default: false
            }
        }

        private func startsToken(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"): true
            case UInt8(ascii: "["), UInt8(ascii: "{"), UInt8(ascii: ","), UInt8(ascii: ":"): true
            case UInt8(ascii: "-"), UInt8(ascii: "?"): true
            // The last byte of a byte order mark, of NEL and of the Unicode line and paragraph separators.
            case 0xBF, 0x85, 0xA8, 0xA9: true
            default: false
            }
        }
    }
}
