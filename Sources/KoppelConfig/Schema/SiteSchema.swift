package import KoppelCore

/// The JSON Schema (2020-12) of a site file, made from the same definitions the parser reads with.
///
/// Editors complete and check a site file with it. It takes everything that `koppel check` takes; what it cannot know,
/// such as whether a bus is there or two ids are the same, only `koppel check` tells.
package enum SiteSchema {
    /// Names the version of the format, so an editor's copy can be told from a later one.
    package static let id = "https://koppel.example/config/1/site.json"

    package static var document: JSONTree { SiteShape.site.document(id: id, title: "Koppel site file") }
}
