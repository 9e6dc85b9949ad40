internal import KoppelCore

/// Reads a sharing descriptor (data model 3.17), in YAML or JSON, and judges it. What is wrong with its form is an
/// error; what nobody can promise is a warning that says why the destination stays closed.
struct SharingReader {
    static let keys = ["id", "version", "destination", "purpose", "dataset", "agreement", "enforcement"]

    let files: any ConfigFiles
    let issues: IssueLog

    /// `nil` after an error.
    func read(_ path: String, in surroundings: PolicyJudgement.Surroundings) -> SharingPolicy? {
        guard let root = openDocument(path, files: files, issues: issues), let section = root.section(Self.keys) else {
            return nil
        }
        let id = section.required("id")?.urn()
        let version = section.required("version")?.int(in: 1...Int(UInt32.max))
        let destination = section.required("destination").flatMap(readDestination)
        let purposes = section.required("purpose").flatMap(readPurposes)
        let dataset = section.required("dataset").flatMap(readDataset)
        let agreement = readAgreement(section)
        let enforcement = section.required("enforcement").flatMap { EnforcementReader().read($0) }
        guard let id, let version, let destination, let purposes, let dataset, let agreement, let enforcement else {
            return nil
        }
        var policy = SharingPolicy(
            path: path, id: id, version: version, destination: destination.id, kind: destination.kind,
            party: destination.party, purposes: purposes, dataset: dataset,
            agreement: agreement == .null ? nil : agreement, enforcement: enforcement,
            canonical: root.node.json.canonical)
        policy.refusals = PolicyJudgement.refusals(of: policy, in: surroundings)
        for refusal in policy.refusals {
            issues.add(
                ConfigIssue(
                    file: path, position: root.node.node(at: refusal.path).position, path: refusal.path,
                    severity: .warning, sentence: "\(refusal); the destination stays closed",
                    hint: "Nothing leaves to \(destination.party) until the policy is put right."))
        }
        return policy
    }

    private func readDestination(_ field: Field) -> (id: String, kind: SharingPolicy.Kind, party: String)? {
        guard let section = field.section(["id", "kind", "party"]) else { return nil }
        let id = section.required("id")?.identifier()
        let kind = section.required("kind")?.choice(SharingPolicy.Kind.self)
        let party = section.required("party")?.reference()
        guard let id, let kind, let party else { return nil }
        return (id.description, kind, party)
    }

    private func readPurposes(_ field: Field) -> [String]? {
        guard let items = field.list() else { return nil }
        if items.isEmpty { field.error("nothing is shared without a purpose") }
        let purposes = items.compactMap { $0.reference() }
        return purposes.isEmpty || purposes.count < items.count ? nil : purposes
    }

    /// What connectors read; only its id is used here.
    private func readDataset(_ field: Field) -> String? {
        guard let entries = field.entries() else { return nil }
        for key in ["@context", "@id", "@type", "hasPolicy", "distribution"]
        where !entries.contains(where: { $0.key == key }) {
            field.keyError("`\(key)` is missing")
        }
        return entries.first { $0.key == "@id" }?.value.reference()
    }

    /// `null` where there is none; `nil` after an error. What it says is for the judgement.
    private func readAgreement(_ section: Section) -> JSONTree? {
        guard let field = section.required("agreement", hint: "Write agreement: null if there is none.") else {
            return nil
        }
        if field.isNothing { return .null }
        guard let entries = field.entries() else { return nil }
        var isWhole = true
        for key in ["@id", "@type", "target", "assigner", "assignee", "permission"]
        where !entries.contains(where: { $0.key == key }) {
            field.keyError("`\(key)` is missing")
            isWhole = false
        }
        return isWhole ? field.node.json : nil
    }
}

extension Field {
    /// An IRI: a scheme, a colon and no space.
    func reference() -> String? {
        guard let text = string() else { return nil }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let scheme = parts[0].utf8
        let isScheme =
            scheme.first.map(isLetter) == true
            && scheme.allSatisfy { isLetterOrDigit($0) || [0x2B, 0x2D, 0x2E].contains($0) }
        guard parts.count == 2, isScheme, !parts[1].isEmpty, !text.contains(where: \.isWhitespace) else {
            error("`\(text)` is no IRI", hint: "For example did:web:hub.example or https://hub.example.")
            return nil
        }
        return text
    }

    /// `urn:uuid:` and a UUID in lower case.
    func urn() -> String? {
        guard let text = string() else { return nil }
        let digits = text.utf8.dropFirst(9)
        let isHyphen = { (place: Int) in [8, 13, 18, 23].contains(place) }
        let isSound =
            text.hasPrefix("urn:uuid:") && digits.count == 36
            && digits.enumerated().allSatisfy { place, byte in
                isHyphen(place)
                    ? byte == UInt8(ascii: "-")
                    : (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                        || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
            }
        guard isSound else {
            error("`\(text)` is no urn", hint: "Write urn:uuid: and a UUID in lower case.")
            return nil
        }
        return text
    }

    private func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
    }
}
