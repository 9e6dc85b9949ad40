/// One value of a YAML document with the place it stands.
struct DocumentNode {
    indirect enum Content {
        /// The text as written; `isPlain` is false if it stood in quotes or as a block.
        case scalar(String, isPlain: Bool)
        case sequence([DocumentNode])
        case mapping([Entry])
    }

    struct Entry {
        var key: String
        var keyPosition: SourcePosition
        var value: DocumentNode
    }

    var position: SourcePosition
    var content: Content

    /// What it is, for a sentence such as "here stands a list".
    var kindName: String {
        switch content {
        case .scalar(let text, _) where text.isEmpty: "an empty text"
        case .scalar(let text, let isPlain): isPlain && isNull(text) ? "nothing" : "a single value"
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }
}

/// True for the ways YAML writes "no value" without quotes.
func isNull(_ plain: String) -> Bool { ["", "~", "null", "Null", "NULL"].contains(plain) }
