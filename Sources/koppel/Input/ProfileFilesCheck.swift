internal import KoppelConfig
internal import KoppelCore

/// Checks profile files, the vectors beside them, and that each vector decodes to what it says.
struct ProfileFilesCheck {
    private static let vectorsSuffix = ".vectors.yaml"
    /// Levels of folders below the one named.
    private static let depth = 3
    /// Files of one run.
    private static let mostFiles = 10_000

    let files: DiskFiles
    private(set) var issues: [ConfigIssue] = []
    private(set) var profiles = 0
    private(set) var vectors = 0
    private var seen: Set<String> = []

    init(files: DiskFiles) { self.files = files }

    /// Checks a file, or every YAML file of a folder.
    mutating func check(_ path: String) {
        guard let facts = files.facts(path) else {
            let hint = path.hasSuffix(".yaml") ? nil : "Name a file such as ./acme-m1.yaml, or a folder of them."
            return report(path, "there is no such file", hint: hint)
        }
        let found = facts.isFolder ? yamlFiles(below: path, depth: Self.depth) : [path]
        if found.isEmpty { report(path, "there is no profile in this folder") }
        for file in found {
            // A vectors file is checked with its profile, also if it is the one that was named.
            let isVectors = file.hasSuffix(Self.vectorsSuffix)
            checkProfile(isVectors ? String(file.dropLast(Self.vectorsSuffix.count)) + ".yaml" : file)
        }
    }

    private mutating func checkProfile(_ path: String) {
        guard seen.insert(path).inserted else { return }
        let load = loadProfile(at: path, files: files)
        profiles += 1
        issues += load.issues
        let vectorsPath = (path.hasSuffix(".yaml") ? String(path.dropLast(5)) : path) + Self.vectorsSuffix
        guard files.facts(vectorsPath) != nil else {
            return report(
                path, "there are no vectors beside this profile", .warning,
                hint: "Record some words and what they mean in \(vectorsPath).")
        }
        let vectors = loadVectors(at: vectorsPath, profile: load.profile, files: files)
        issues += vectors.issues
        guard let profile = load.profile else { return }
        for vector in vectors.vectors?.vectors ?? [] { compare(vector, with: profile, at: vectorsPath) }
    }

    private mutating func compare(_ vector: VectorsFile.Vector, with profile: DeviceProfile, at path: String) {
        vectors += 1
        let decoded = decodeAll(points: profile.points, words: vector.words)
        for (signal, expectation) in vector.expectations.sorted(by: { $0.key < $1.key }) {
            let unit = profile.points.first { $0.signal == signal }?.unit
            let actual = decoded.first { $0.signal == signal }?.decoded
            let difference =
                actual.map { expectation.difference(to: $0, unit: unit) } ?? "its registers are not all given"
            guard let difference else { continue }
            report(
                path, "vector `\(vector.name)`: \(difference)", path: "\(signal)", position: expectation.position)
        }
    }

    private mutating func report(
        _ file: String, _ sentence: String, _ severity: ConfigIssue.Severity = .error, path: String = "",
        position: SourcePosition = .start, hint: String? = nil
    ) {
        issues.append(
            ConfigIssue(
                file: file, position: position, path: path, severity: severity, sentence: sentence, hint: hint))
    }

    private func yamlFiles(below folder: String, depth: Int) -> [String] {
        guard depth > 0 else { return [] }
        let names: [String]
        do throws(FileFault) { names = try files.names(in: folder) } catch { return [] }
        var result: [String] = []
        for name in names where !name.hasPrefix(".") && result.count < Self.mostFiles {
            let path = folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
            if files.facts(path)?.isFolder == true {
                result += yamlFiles(below: path, depth: depth - 1)
            } else if name.hasSuffix(".yaml") {
                result.append(path)
            }
        }
        return result
    }
}
