/// The name of the agent's local socket in the data folder.
package enum LocalSocketName {
    package static let file = "koppel.sock"

    /// Bytes of a whole path: `sun_path` of 108 with its zero (man 7 unix).
    package static let longestPath = 107

    /// True if a socket in this folder has a path that Linux takes.
    package static func fits(folder: String) -> Bool { folder.utf8.count + 1 + file.utf8.count <= longestPath }
}
