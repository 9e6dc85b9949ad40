internal import KoppelCore

/// The device profiles of this machine: folders with `VENDOR/MODEL.yaml`, looked up in order.
package struct ProfileLibrary: Sendable {
    /// Where the owner keeps profiles. A site file names its own folders instead.
    package var folders: [String]
    /// Where the profiles shipped with the program are; `nil` if there are none. Looked up last.
    package var shipped: String?
    /// True if a site file must not name folders of its own in place of ``folders``.
    package var foldersAreFixed = false
    let files: any ConfigFiles

    package init(folders: [String] = ["/etc/koppel/devices"], shipped: String? = nil, files: any ConfigFiles) {
        self.folders = folders
        self.shipped = shipped
        self.files = files
    }

    /// One profile file of the library.
    package struct Entry: Hashable, Sendable {
        /// `vendor/model`, which a site file names.
        package var id: String
        package var path: String
    }

    /// Every profile, by id. An id in an earlier folder hides the same id in a later one.
    package func list() -> [Entry] {
        var found: [String: Entry] = [:]
        for folder in searched {
            for path in profilePaths(below: folder) where found[id(of: path)] == nil {
                found[id(of: path)] = Entry(id: id(of: path), path: path)
            }
        }
        return found.values.sorted { $0.id < $1.id }
    }

    /// The file of an id; `nil` if no folder has it.
    package func path(of id: String) -> String? {
        let parts = id.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ Identifier(String($0)) != nil }) else { return nil }
        return searched.map { "\($0)/\(id).yaml" }.first { files.facts($0)?.isFolder == false }
    }

    /// Loads a profile by its id or by the path of its file.
    package func load(_ idOrPath: String) -> ProfileLoad {
        if let path = path(of: idOrPath) { return loadProfile(at: path, files: files) }
        guard idOrPath.hasSuffix(".yaml") || files.facts(idOrPath)?.isFolder == false else {
            let issue = ConfigIssue(
                file: idOrPath, position: .start, path: "", severity: .error,
                sentence: "there is no profile `\(idOrPath)`", hint: unknownHint(idOrPath))
            return ProfileLoad(profile: nil, issues: [issue])
        }
        return loadProfile(at: idOrPath, files: files)
    }

    /// What to do when an id is not found.
    func unknownHint(_ id: String) -> String {
        if let near = nearest(to: id, in: list().map(\.id)) { return "Did you mean `\(near)`?" }
        return "Looked in \(searched.joined(separator: ", ")). A path starts with ./ and ends in .yaml."
    }

    static let vectorsSuffix = ".vectors.yaml"

    private var searched: [String] { folders + (shipped.map { [$0] } ?? []) }

    private func id(of path: String) -> String {
        path.split(separator: "/").suffix(2).joined(separator: "/").replacingSuffix(".yaml")
    }

    private func profilePaths(below folder: String) -> [String] {
        yamlFiles(below: folder, depth: 2).filter { path in
            let names = path.dropFirst(folder.count).split(separator: "/")
            return names.count == 2 && !path.hasSuffix(Self.vectorsSuffix)
        }
    }

    /// Every YAML file, folders at most `depth` deep, at most 10,000 files.
    private func yamlFiles(below folder: String, depth: Int) -> [String] {
        guard depth > 0 else { return [] }
        let names: [String]
        do throws(FileFault) { names = try files.names(in: folder) } catch {
            // A folder of the search path that does not exist holds no profiles.
            return []
        }
        var result: [String] = []
        for name in names where !name.hasPrefix(".") && result.count < 10_000 {
            let path = folder.hasSuffix("/") ? folder + name : folder + "/" + name
            if files.facts(path)?.isFolder == true {
                result += yamlFiles(below: path, depth: depth - 1)
            } else if name.hasSuffix(".yaml") {
                result.append(path)
            }
        }
        return result
    }
}

extension String {
    fileprivate func replacingSuffix(_ suffix: String) -> String {
        hasSuffix(suffix) ? String(dropLast(suffix.count)) : self
    }
}
