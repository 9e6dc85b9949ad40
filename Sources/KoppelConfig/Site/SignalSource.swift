package import KoppelCore

/// Where a signal of a machine comes from: the file and line of its profile, and of the site file if that changes it.
package struct SignalSource: Hashable, Sendable {
    package struct Place: Hashable, Sendable, CustomStringConvertible {
        package var file: String
        package var line: Int

        package var description: String { "\(file):\(line)" }
    }

    /// The machine's entry in the site file.
    package var machine: Place
    /// `nil` if only the site file has the signal.
    package var profile: Place?
    /// The line of the site file that names the signal or its pattern; `nil` if it does not.
    package var change: Place?
}

/// Finds where a signal stands, in a site that was loaded without an error. `nil` if the machine is not there.
package func signalSource(
    of signal: SignalName, machine: Identifier, siteAt path: String, library: ProfileLibrary, files: some ConfigFiles
) -> SignalSource? {
    // Everything there is to say about these files was said when the site was loaded.
    let unheard = IssueLog()
    guard let parts = SiteFiles(files: files, issues: unheard).read(path),
        let entry = parts.machines.first(where: { $0.key == machine.description })
    else { return nil }
    var source = SignalSource(machine: .init(file: entry.field.file, line: entry.field.keyPosition.line))
    if let changes = entry.field["signals"], case .mapping(let entries) = changes.node.content {
        let name = signal.description
        let change = entries.last { $0.key == name } ?? entries.last { matches(name, pattern: $0.key) }
        source.change = change.map { .init(file: changes.file, line: $0.keyPosition.line) }
    }
    var library = library
    if let agent = parts.agent, !library.foldersAreFixed,
        let folders = AgentReader().profileFolders(agent, folder: FilePath.folder(of: path))
    {
        library.folders = folders
    }
    guard let field = entry.field["profile"],
        let file = ProfileLookup(library: library, files: files, issues: unheard).path(field),
        let document = openDocument(file, files: files, issues: unheard),
        case .sequence(let points)? = document["points"]?.node.content
    else { return source }
    let point = points.first { point in
        guard case .mapping(let entries) = point.content, let name = entries.first(where: { $0.key == "signal" }),
            case .scalar(let text, _) = name.value.content
        else { return false }
        return text == signal.description
    }
    source.profile = point.map { .init(file: file, line: $0.position.line) }
    return source
}

extension Field {
    /// The value of a key, without an issue if it is not there.
    fileprivate subscript(key: String) -> Field? {
        guard case .mapping(let entries) = node.content, let entry = entries.first(where: { $0.key == key }) else {
            return nil
        }
        return Field(
            node: entry.value, file: file, path: path.isEmpty ? key : "\(path).\(key)", keyPosition: entry.keyPosition,
            issues: issues)
    }
}
