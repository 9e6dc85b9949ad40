/// The sections of all files of a site, not yet read.
struct SiteParts {
    struct Entry {
        var key: String
        var field: Field
    }

    /// The site file itself, for issues about what is missing.
    var root: Field
    var agent: Field?
    var page: Field?
    var buses: [Entry] = []
    var machines: [Entry] = []
    var destinations: [Entry] = []
}

/// Reads a site file and the folders it includes, at most 1,000 files, and puts their sections together.
struct SiteFiles {
    static let maximumFiles = 1_000
    /// Buses, machines and destinations, of each.
    static let maximumEntries = 10_000

    let files: any ConfigFiles
    let issues: IssueLog

    func read(_ path: String) -> SiteParts? {
        guard let root = openDocument(path, files: files, issues: issues) else { return nil }
        var gathering = Gathering(parts: SiteParts(root: root))
        guard let section = root.section(SiteShape.site) else { return nil }
        checkVersion(section.required("koppel", hint: "Start the file with koppel: 1."))
        gathering.chain = [files.realPath(path) ?? path]
        gather(section, into: &gathering)
        return gathering.parts
    }

    /// What was gathered so far.
    private struct Gathering {
        var parts: SiteParts
        /// The real paths of the files that led here, to see a cycle.
        var chain: [String] = []
        var seen: Set<String> = []
    }

    private func checkVersion(_ field: Field?) {
        guard let field else { return }
        if field.scalarText != "1" {
            field.error(
                "this version reads configuration format 1 only", hint: "Write koppel: 1, or install a newer version.")
        }
    }

    private func gather(_ section: Section, into gathering: inout Gathering) {
        takeOnce(section["agent"], \.agent, &gathering.parts)
        takeOnce(section["page"], \.page, &gathering.parts)
        take(section["buses"], \.buses, &gathering.parts)
        take(section["machines"], \.machines, &gathering.parts)
        take(section["destinations"], \.destinations, &gathering.parts)
        guard let include = section["include"] else { return }
        for folder in include.isList ? include.list() ?? [] : [include] { self.include(folder, into: &gathering) }
    }

    private func takeOnce(
        _ field: Field?, _ keyPath: WritableKeyPath<SiteParts, Field?>, _ parts: inout SiteParts
    ) {
        guard let field else { return }
        if let other = parts[keyPath: keyPath] {
            field.keyError("stands in two files, also in \(other.file) line \(other.keyPosition.line)")
        } else {
            parts[keyPath: keyPath] = field
        }
    }

    private func take(
        _ field: Field?, _ keyPath: WritableKeyPath<SiteParts, [SiteParts.Entry]>, _ parts: inout SiteParts
    ) {
        guard let field, !field.isNothing else { return }
        for (key, value) in field.entries() ?? [] {
            guard parts[keyPath: keyPath].count < Self.maximumEntries else {
                return field.keyError("more than 10,000 of these are not supported", hint: "Use several agents.")
            }
            if let other = parts[keyPath: keyPath].first(where: { $0.key == key }) {
                value.keyError(
                    "`\(key)` stands in two files, also in \(other.field.file) line \(other.field.keyPosition.line)",
                    hint: "Give one of them another id.")
            } else {
                parts[keyPath: keyPath].append(SiteParts.Entry(key: key, field: value))
            }
        }
    }

    private func include(_ field: Field, into gathering: inout Gathering) {
        guard let text = field.string() else { return }
        guard !FilePath.climbs(text) else {
            return field.error("`\(text)` climbs out with ..", hint: "Name a folder beside or below this file.")
        }
        let own = FilePath.folder(of: field.file)
        let folder = FilePath.resolve(text.hasSuffix("/") && text.count > 1 ? String(text.dropLast()) : text, from: own)
        guard files.facts(folder)?.isFolder == true, let realFolder = files.realPath(folder) else {
            return field.error("there is no folder `\(folder)`")
        }
        if !text.hasPrefix("/"), let realOwn = files.realPath(own), !FilePath.lies(realFolder, in: realOwn) {
            return field.error("`\(text)` is a link that leads out of \(own)")
        }
        do throws(FileFault) {
            let names = try files.names(in: folder).filter { $0.hasSuffix(".yaml") && !$0.hasPrefix(".") }
            for name in names { includeFile("\(folder)/\(name)", realFolder: realFolder, field, into: &gathering) }
        } catch {
            field.error("\(folder): \(error)")
        }
    }

    private func includeFile(_ path: String, realFolder: String, _ field: Field, into gathering: inout Gathering) {
        guard let real = files.realPath(path), FilePath.lies(real, in: realFolder) else {
            return field.error("\(path) is a link that leads out of the folder", hint: "Put the file itself there.")
        }
        guard !gathering.chain.contains(real) else {
            return field.error(
                "includes itself through \(path)", hint: "Put the included files in a folder of their own.")
        }
        guard gathering.seen.count < Self.maximumFiles else {
            return field.error("more than 1,000 files are included")
        }
        guard gathering.seen.insert(real).inserted else {
            return field.error("\(path) is included twice", hint: "Include each folder once.")
        }
        guard let document = openDocument(path, files: files, issues: issues),
            let section = document.section(SiteShape.site)
        else { return }
        checkVersion(section["koppel"])
        gathering.chain.append(real)
        gather(section, into: &gathering)
        gathering.chain.removeLast()
    }
}
