/// Files, and beside them one that exists only as a text: a site that is described elsewhere is so read by the same rules as
/// one that is written down.
package struct FilesWithText<Files: ConfigFiles>: ConfigFiles {
    /// Where the text seems to be. What it names relative to itself lies in the folder of this path.
    package let path: String
    private let text: String
    private let files: Files

    package init(_ text: String, at path: String, beside files: Files) {
        self.path = path
        self.text = text
        self.files = files
    }

    package func read(_ path: String, limit: Int) throws(FileFault) -> [UInt8] {
        if path == self.path { return Array(text.utf8) }
        return try files.read(path, limit: limit)
    }

    package func names(in folder: String) throws(FileFault) -> [String] { try files.names(in: folder) }
    package func realPath(_ path: String) -> String? { files.realPath(path) }
    package func facts(_ path: String) -> FileFacts? { files.facts(path) }
    package var user: UInt32 { files.user }
}
