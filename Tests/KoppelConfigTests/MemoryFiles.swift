import KoppelConfig

/// Files of a test: contents by path, with folders, links and permissions where a test needs them.
struct MemoryFiles: ConfigFiles {
    var contents: [String: String] = [:]
    /// From the path of a link to the path it leads to; works for folders too.
    var links: [String: String] = [:]
    var modes: [String: UInt16] = [:]
    var owners: [String: UInt32] = [:]
    /// The numbers of character devices.
    var devices: [String: UInt64] = [:]
    var user: UInt32 { 1_000 }

    func read(_ path: String, limit: Int) throws(FileFault) -> [UInt8] {
        guard let real = realPath(path), let text = contents[real] else { throw FileFault("there is no such file") }
        guard text.utf8.count <= limit else { throw FileFault("it is larger than \(limit >> 20) MiB") }
        return Array(text.utf8)
    }

    func names(in folder: String) throws(FileFault) -> [String] {
        guard let real = realPath(folder) else { throw FileFault("there is no such folder") }
        let paths = Array(contents.keys) + Array(links.keys)
        let names = paths.filter { $0.hasPrefix(real + "/") }
            .compactMap { $0.dropFirst(real.count + 1).split(separator: "/").first.map(String.init) }
        return Set(names).sorted()
    }

    func realPath(_ path: String) -> String? {
        var real = path
        for (link, target) in links where real == link || real.hasPrefix(link + "/") {
            real = target + real.dropFirst(link.count)
        }
        let isFile = contents[real] != nil
        let isFolder = (Array(contents.keys) + Array(links.keys)).contains { $0.hasPrefix(real + "/") }
        return isFile || isFolder ? real : nil
    }

    func facts(_ path: String) -> FileFacts? {
        guard let real = realPath(path) else { return nil }
        return FileFacts(
            isFolder: contents[real] == nil, owner: owners[real] ?? user, mode: modes[real] ?? 0o600,
            device: devices[real])
    }
}
