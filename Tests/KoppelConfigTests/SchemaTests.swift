import Foundation
import KoppelCore
import Testing

@testable import KoppelConfig

/// The schema of a site file says what the parser says, key by key.
@Suite(.timeLimit(.minutes(5)))
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

    /// Values that have to name something that is there, or a form of their own.
    private static let special: [String: [JSONTree]] = [
        // The machine of the base needs the bus and the profile of the base.
        "buses": [], "agent.profiles": ["Devices"], "include": [], "machines.meter.bus": ["net"],
        "machines.meter.profile": ["eastron/sdm630-v2"],
        "buses.net.url": ["tcp://10.0.0.1", "rtu+tcp://10.0.0.1:4001?baud=9600&format=8N1"],
        "destinations.plant.url": ["mqtts://broker"], "page.listen": ["127.0.0.1:8470", "[::1]:1"],
        "destinations.plant.client-id": ["a-B_9"], "destinations.plant.password.env": ["A_1"],
        "destinations.plant.tls.key.env": ["_k"],
        "machines.meter.nameplate.uri-of-the-product": ["https://id.example.com/a"],
        "machines.meter.nameplate.asset-tag": ["E-0417", 417],
    ]

    private static let places = SchemaPlace.all(SiteShape.site).filter { isTested($0.path) }
    private static let sections = SchemaPlace.sections(.section(SiteShape.site)).filter { isTested($0) }

    /// A point that a site file adds has the keys of a profile's, which are tested there.
    private static func isTested(_ path: [String]) -> Bool {
        let signal = ["machines", "meter", "signals", "electrical/frequency"]
        guard path.starts(with: signal), path.count > signal.count else { return true }
        return SiteShape.override.names.contains(path[signal.count])
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
        var judge = SchemaJudge(schema: SiteSchema.document)
        judge.add(Self.base, isGood: true, place: "base")
        #expect(Self.places.count > 100)
        for place in Self.places {
            let samples = SchemaSamples(place, special: Self.special)
            for value in samples.good {
                let document = site(place.path, value)
                let found = try issues(document)
                #expect(found.isEmpty, "\(place) = \(value.compact): \(found)")
                judge.add(document, isGood: true, place: "\(place)")
            }
            for (values, isSeen) in [(samples.bad, true), (samples.tooMuch, false)] {
                for value in values {
                    let document = site(place.path, value)
                    let found = try issues(document).map(\.path)
                    #expect(
                        found.contains { $0.hasPrefix(place.testDescription) },
                        "\(place) = \(value.compact) is taken, so it is not read: \(found)")
                    judge.add(document, isGood: !isSeen, place: "\(place) = \(value.compact)")
                }
            }
        }
        for section in Self.sections {
            let document = site(section + ["nobody-knows"], 1)
            let found = try issues(document)
            #expect(found.contains { $0.path.hasSuffix("nobody-knows") }, "\(section)")
            judge.add(document, isGood: false, place: "\(section) nobody-knows")
        }
        let disagreements = try await judge.disagreements()
        #expect(disagreements == "")
    }

    @Test func `the site files of the README, and those the tests call good, pass the schema`() async throws {
        let good = try Fixture.all().filter { $0.name.hasPrefix("site-good") && !$0.expected.contains("error:") }
        let readme = try String(contentsOfFile: Self.sources + "/../../README.md", encoding: .utf8)
        let blocks = readme.split(separator: "```yaml\n").dropFirst().compactMap { $0.split(separator: "```").first }
        let sites = blocks.filter { $0.contains("koppel: 1\n") }.map { (name: "README.md", text: String($0)) }
        #expect(!good.isEmpty && !sites.isEmpty)
        let faults = try await SchemaJudge(schema: SiteSchema.document)
            .faults(in: sites + good.map { (name: $0.name, text: $0.text) })
        #expect(faults == "")
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
