/// Rules for paths that stand in a file (fault X06).
enum FilePath {
    /// The folder part; `.` for a bare name.
    static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// A path as written in a file of `folder`: absolute as it is, relative from there.
    static func resolve(_ path: String, from folder: String) -> String {
        if path.hasPrefix("/") { return path }
        let plain = path.hasPrefix("./") ? String(path.dropFirst(2)) : path
        if folder == "." { return plain }
        return folder.hasSuffix("/") ? folder + plain : folder + "/" + plain
    }

    /// True if one of its parts is `..`.
    static func climbs(_ path: String) -> Bool {
        path.split(separator: "/").contains("..")
    }

    /// True if `path` is `folder` or lies below it. Both without links.
    static func lies(_ path: String, in folder: String) -> Bool {
        path == folder || path.hasPrefix(folder.hasSuffix("/") ? folder : folder + "/")
    }
}
