package import KoppelCore

/// The JSON Schemas (2020-12) of a device profile and of a vectors file, made from the shapes they are read with.
///
/// Editors complete and check both with them. They take everything that `koppel profile check` takes; what they cannot
/// know, such as whether two points overlap or a rule names a signal that is there, only `koppel profile check` tells.
package enum ProfileSchema {
    /// Names the version of the format, so an editor's copy can be told from a later one.
    package static let id = "https://koppel.example/config/1/profile.json"
    package static let vectorsID = "https://koppel.example/config/1/vectors.json"

    package static var document: JSONTree { ProfileShape.profile.document(id: id, title: "Koppel device profile") }

    package static var vectors: JSONTree {
        VectorsShape.file.document(id: vectorsID, title: "Koppel vectors of a device profile")
    }
}
