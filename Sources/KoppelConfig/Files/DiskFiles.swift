internal import Foundation

/// The files of this machine.
package struct DiskFiles: ConfigFiles {
    package init() {}

    package func read(_ path: String, limit: Int) throws(FileFault) -> [UInt8] {
        guard let facts = facts(path) else { throw FileFault("there is no such file") }
        guard !facts.isFolder else { throw FileFault("this is a folder, not a file") }
        guard let handle = FileHandle(forReadingAtPath: path) else { throw FileFault("no permission to read it") }
        do {
            // One byte more than allowed tells a file that is too large without reading it whole.
            let data = try handle.read(upToCount: limit + 1) ?? Data()
            try handle.close()
            guard data.count <= limit else { throw FileFault("it is larger than \(limit >> 20) MiB") }
            return [UInt8](data)
        } catch let fault as FileFault {
            throw fault
        } catch {
            throw FileFault("reading failed: \(error.localizedDescription)")
        }
    }

    package func names(in folder: String) throws(FileFault) -> [String] {
        guard facts(folder)?.isFolder == true else { throw FileFault("there is no such folder") }
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        } catch {
            throw FileFault("the folder cannot be listed: \(error.localizedDescription)")
        }
    }

    package func realPath(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    package func facts(_ path: String) -> FileFacts? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return FileFacts(
            isFolder: status.st_mode & S_IFMT == S_IFDIR, owner: status.st_uid, mode: UInt16(status.st_mode & 0o777),
            device: status.st_mode & S_IFMT == S_IFCHR ? UInt64(status.st_rdev) : nil)
    }

    package var user: UInt32 { getuid() }
}
