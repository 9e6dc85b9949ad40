import Foundation
import KoppelCore
import KoppelTestKit
import Subprocess
import Testing

@testable import KoppelConfig

/// The schema of a site file says what the parser says, key by key.
@Suite(.timeLimit(.minutes(1)))
struct SchemaTests {
    /// One of everything that others need to be there.
    private static let base: JSONTree = [
        "koppel": 1,
        "agent": ["id": "box-1", "location": ["enterprise": "acme", "site": "hengelo"]],
        "buses": ["net": ["url": "tcp://10.0.0.1"]],
        "machines": ["meter": ["bus": "net", "unit": 1, "profile": "eastron/sdm630-v2"]],
        "destinations": ["plant": ["url": "mqtts://broker", "share": "all", "user": "koppel"]],
    ]

    /// What the certificate needs, the key needs, and the other way round.
    private static let companions: [String: (path: [String], value: JSONTree)] = [
        "destinations.plant.tls.certificate": (["destinations", "plant", "tls", "key"], ["env": "KEY"]),
        "destinations.plant.tls.key.file": (["destinations", "plant", "tls", "certificate"], "box.pem"),
        "destinations.plant.tls.key.env": (["destinations", "plant", "tls", "certificate"], "box.pem"),
        "machines.meter.nameplate": (["machines", "meter", "unit"], 1),
        "agent.location.enterprise.name": (["agent", "location", "enterprise", "id"], "acme"),
        "agent.location.site.name": (["agent", "location", "site", "id"], "hengelo"),
        "machines.meter.signals.electrical/frequency.range.low": (
            ["machines", "meter", "signals", "electrical/frequency", "range", "high"], 9_000
        ),
        "machines.meter.signals.electrical/frequency.range.high": (
            ["machines", "meter", "signals", "electrical/frequency", "range", "low"], -9
        ),
        "machines.meter.signals.electrical/frequency.limits.low": (
            ["machines", "meter", "signals", "electrical/frequency", "limits", "high"], 5_000
        ),
        "machines.meter.signals.electrical/frequency.limits.high": (
            ["machines", "meter", "signals", "electrical/frequency", "limits", "low"], -9
        ),
    ]

    private struct Judged {
        var document: JSONTree
        /// What the schema has to say.
        var isGood: Bool
        var place: String
    }

    private func issues(_ document: JSONTree) throws -> [ConfigIssue] {
        let files = try Fixture.files(adding: ["koppel.yaml": document.compact])
        return loadSite(at: "koppel.yaml", library: ProfileLibrary(folders: ["Devices"], files: files), files: files)
            .issues.filter { $0.severity == .error }
    }

    private func site(_ path: [String], _ value: JSONTree) -> JSONTree {
        var document = Self.base
        let levels = path.count == 5 && path[2] == "location" ? path[3] : ""
        for (level, id) in [("name", "one")] where path.last == level && !levels.isEmpty {
            document = document.setting(path.dropLast() + ["id"], .string(id))
        }
        if path.starts(with: ["destinations", "plant", "sparkplug"]) {
            document = document.setting(["destinations", "plant", "dialect"], "sparkplug-b")
        }
        if let companion = Self.companions[path.joined(separator: ".")] {
            document = document.setting(companion.path[...], companion.value)
        }
        return document.setting(path[...], value)
    }

    @Test func `every key takes what its shape says, and refuses the rest at its own place, with the schema agreeing`()
        async throws
    {
        #expect(try issues(Self.base).isEmpty)
        var judged = [Judged(document: Self.base, isGood: true, place: "base")]
        #expect(SchemaPlace.all.count > 100)
        for place in SchemaPlace.all {
            let samples = SchemaSamples(place)
            for value in samples.good {
                let document = site(place.path, value)
                let found = try issues(document)
                #expect(found.isEmpty, "\(place) = \(value.compact): \(found)")
                judged.append(Judged(document: document, isGood: true, place: "\(place)"))
            }
            for (values, isSeen) in [(samples.bad, true), (samples.tooMuch, false)] {
                for value in values {
                    let document = site(place.path, value)
                    let found = try issues(document).map(\.path)
                    #expect(
                        found.contains { $0.hasPrefix(place.testDescription) },
                        "\(place) = \(value.compact) is taken, so it is not read: \(found)")
                    judged.append(Judged(document: document, isGood: !isSeen, place: "\(place) = \(value.compact)"))
                }
            }
        }
        for section in SchemaPlace.sections {
            let document = site(section + ["nobody-knows"], 1)
            let found = try issues(document)
            #expect(found.contains { $0.path.hasSuffix("nobody-knows") }, "\(section)")
            judged.append(Judged(document: document, isGood: false, place: "\(section) nobody-knows"))
        }
        let disagreements = try await disagreements(judged)
        #expect(disagreements == "")
    }

    /// What a validator that is none of ours says differently; empty if it agrees.
    private func disagreements(_ judged: [Judged]) async throws -> String {
        let documents = judged.map { one -> JSONTree in
            ["document": one.document, "isGood": .bool(one.isGood), "place": .string(one.place)]
        }
        let work: JSONTree = ["schema": SiteSchema.document, "documents": .array(documents)]
        let script = """
            import json, sys
            from jsonschema import Draft202012Validator as Validator
            work = json.load(open(sys.argv[1]))
            Validator.check_schema(work["schema"])
            validator = Validator(work["schema"])
            for one in work["documents"]:
                errors = [error.message[:120] for error in validator.iter_errors(one["document"])]
                if bool(errors) == one["isGood"]:
                    print("schema refuses" if errors else "schema takes", one["place"], errors[:1])
            """
        return try await said(by: script, of: work)
    }

    @Test func `the site files of the README, and those the tests call good, pass the schema`() async throws {
        let good = try Fixture.all().filter { $0.name.hasPrefix("site-good") && !$0.expected.contains("error:") }
        let readme = try String(contentsOfFile: Self.sources + "/../../README.md", encoding: .utf8)
        let blocks = readme.split(separator: "```yaml\n").dropFirst().compactMap { $0.split(separator: "```").first }
        let sites = blocks.filter { $0.contains("koppel: 1\n") }.map { JSONTree.string(String($0)) }
        #expect(!good.isEmpty && !sites.isEmpty)
        let texts = sites + good.map { .string($0.text) }
        let script = """
            import json, sys, yaml
            from jsonschema import Draft202012Validator as Validator
            work = json.load(open(sys.argv[1]))
            for text in work["texts"]:
                for error in Validator(work["schema"]).iter_errors(yaml.safe_load(text)):
                    print(list(error.absolute_path), error.message[:200])
            """
        let said = try await said(by: script, of: ["schema": SiteSchema.document, "texts": .array(texts)])
        #expect(said == "")
    }

    /// What a Python program prints, which gets the work as a file of JSON.
    private func said(by script: String, of work: JSONTree) async throws -> String {
        let file = FileManager.default.temporaryDirectory.appending(path: "koppel-schema-\(UUID().uuidString).json")
        try Data(work.compact.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let python = PythonServer.interpreter
        let result = try await run(
            .name("env"), arguments: [python, "-c", script, file.path()], output: .string(limit: 1 << 20),
            error: .string(limit: 1 << 20))
        return result.standardOutput + result.standardError
    }

    @Test(arguments: ["Site", "Profile"])
    func `each section of a file is opened with its shape, so no reader has keys of its own`(_ reader: String) throws {
        let folder = Self.sources + "/" + reader
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
            let text = try String(contentsOfFile: folder + "/" + name, encoding: .utf8)
            #expect(!text.contains("section(["), "\(name) opens a section with keys that are in no shape")
        }
    }

    private static let sources = (#filePath as NSString).deletingLastPathComponent + "/../../Sources/KoppelConfig"
}

extension JSONTree {
    /// The document with the value at the place the keys lead to; what is on the way there is made.
    fileprivate func setting(_ path: some Collection<String>, _ value: JSONTree) -> JSONTree {
        guard let first = path.first else { return value }
        var members: [Member] = []
        if case .object(let own) = self { members = own }
        let inner = (self[first] ?? .object([])).setting(path.dropFirst(), value)
        if let index = members.firstIndex(where: { $0.name == first }) {
            members[index].value = inner
        } else {
            members.append(Member(first, inner))
        }
        return .object(members)
    }
}
