/// What loading a configuration asks of the file system. A parameter, so that tests need no disk.
package protocol ConfigFiles: Sendable {
    /// The bytes of a file.
    /// - Throws: ``FileFault`` if it cannot be read or is larger than the limit.
    func read(_ path: String, limit: Int) throws(FileFault) -> [UInt8]

    /// The names in a folder, sorted.
    /// - Throws: ``FileFault`` if there is no such folder.
    func names(in folder: String) throws(FileFault) -> [String]

    /// The path without symbolic links, absolute; `nil` if nothing is there.
    func realPath(_ path: String) -> String?

    /// What is there; `nil` if nothing is.
    func facts(_ path: String) -> FileFacts?

    /// The user this process runs as.
    var user: UInt32 { get }
}

/// What the file system says of one path, after following links.
package struct FileFacts: Hashable, Sendable {
    package var isFolder: Bool
    /// The user that owns it.
    package var owner: UInt32
    /// The lower nine permission bits.
    package var mode: UInt16
    /// The number of a character device, which is the same whatever name leads to it; `nil` for anything else.
    package var device: UInt64?

    package init(isFolder: Bool, owner: UInt32, mode: UInt16, device: UInt64? = nil) {
        self.isFolder = isFolder
        self.owner = owner
        self.mode = mode
        self.device = device
    }
}

/// Why a file could not be read, in a few words.
package struct FileFault: Error, Hashable, Sendable, CustomStringConvertible {
    package var description: String

    package init(_ description: String) { self.description = description }
}
