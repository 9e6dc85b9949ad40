internal import KoppelCore

/// What a signal measures, in the QUDT vocabulary of quantity kinds.
enum QuantityKind {
    static let vocabulary = "http://qudt.org/vocab/quantitykind/"

    /// As described, else what the unit usually measures; `nil` if neither says.
    static func iri(_ described: String?, unit: UnitOfMeasure?) -> String? {
        guard let kind = described ?? unit?.typicalQuantityKind else { return nil }
        return kind.utf8.contains(UInt8(ascii: ":")) ? kind : vocabulary + kind
    }
}
