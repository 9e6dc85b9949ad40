/// A mapping with a closed set of keys, as both the parser and the JSON Schema know it.
///
/// There is no other list of the keys of a site file, a profile or a vectors file: a reader opens its section with its
/// shape, so a key that is not here is an unknown key, and one that is here is in the schema.
struct SectionShape: Sendable {
    struct Key: Sendable {
        var name: String
        /// What it is for, in one sentence, for people who fill it in.
        var about: String
        var value: ValueShape
        var isRequired = false
    }

    let keys: [Key]
    /// What holds between the keys.
    let rules: [SectionRule]
    /// The names of the keys. Kept, because each point of each profile asks for them.
    let names: [String]

    init(_ keys: [Key], rules: [SectionRule] = []) {
        self.keys = keys
        self.rules = rules
        names = keys.map(\.name)
    }

    /// The same section without a key.
    func without(_ name: String) -> SectionShape { SectionShape(keys.filter { $0.name != name }, rules: rules) }

    static func + (left: SectionShape, right: SectionShape) -> SectionShape {
        SectionShape(left.keys + right.keys, rules: left.rules + right.rules)
    }
}

/// A key that must be there.
func required(_ name: String, _ about: String, _ value: ValueShape) -> SectionShape.Key {
    SectionShape.Key(name: name, about: about, value: value, isRequired: true)
}

/// A key that may be left out.
func optional(_ name: String, _ about: String, _ value: ValueShape) -> SectionShape.Key {
    SectionShape.Key(name: name, about: about, value: value)
}

extension Field {
    /// A mapping with the keys of a shape. Any other key is an error; `synonyms` are words that people write for one.
    func section(_ shape: SectionShape, synonyms: [String: String] = [:]) -> Section? {
        section(shape.names, synonyms: synonyms)
    }
}
