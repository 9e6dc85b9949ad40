import Foundation
import KoppelCore
import Testing

@testable import KoppelConfig

/// The schemas of a profile and of a vectors file say what their readers say, key by key.
@Suite(.timeLimit(.minutes(5)))
struct ProfileSchemaTests {
    private typealias Samples = ProfileSchemaSamples

    private func profileErrors(_ document: JSONTree) -> [ConfigIssue] {
        loadProfile(at: "p.yaml", files: MemoryFiles(contents: ["p.yaml": document.compact])).issues
            .filter { $0.severity == .error }
    }

    private func vectorErrors(_ document: JSONTree) -> [ConfigIssue] {
        loadVectors(at: "v.yaml", files: MemoryFiles(contents: ["v.yaml": document.compact])).issues
            .filter { $0.severity == .error }
    }

    /// Compares at one place: what the reader must take and refuse there, and has the schema judge the same.
    private func compare(
        _ place: SchemaPlace, special: [String: [JSONTree]], judge: inout SchemaJudge,
        errors: (JSONTree) -> [ConfigIssue],
        document: (JSONTree) -> JSONTree
    ) {
        let samples = SchemaSamples(place, special: special)
        for value in samples.good {
            let document = document(value)
            let found = errors(document)
            #expect(found.isEmpty, "\(place) = \(value.compact): \(found)")
            judge.add(document, isGood: true, place: "\(place) = \(value.compact)")
        }
        let key = place.path.last { Int($0) == nil } ?? ""
        for (values, isSeen) in [(samples.bad, true), (samples.tooMuch, false)] {
            for value in values {
                let document = document(value)
                let found = errors(document).map(\.path)
                #expect(
                    found.contains { $0.split(separator: ".").contains { $0 == key } },
                    "\(place) = \(value.compact) is taken, so it is not read: \(found)")
                judge.add(document, isGood: !isSeen, place: "\(place) = \(value.compact)")
            }
        }
    }

    @Test func `every key of a profile takes what its shape says, and refuses the rest, with the schema agreeing`()
        async throws
    {
        #expect(profileErrors(Samples.profile) == [])
        var judge = SchemaJudge(schema: ProfileSchema.document)
        judge.add(Samples.profile, isGood: true, place: "base")
        func compare(_ place: SchemaPlace, state: JSONTree?) {
            self.compare(place, special: Samples.special, judge: &judge, errors: profileErrors) { value in
                let (profile, path) = Samples.frame(place.path, value)
                return (state.map { profile.setting(["state"], $0) } ?? profile).setting(path, value)
            }
        }
        // A state has other keys for each basis.
        let places = SchemaPlace.all(ProfileShape.profile).filter { $0.path.first != "state" || $0.path.count == 1 }
        #expect(places.count > 80)
        for place in places { compare(place, state: nil) }
        for basis in StateShape.bases {
            let state = try #require(Samples.states[basis.name])
            for place in SchemaPlace.all(basis.shape, at: ["state"]) { compare(place, state: state) }
        }
        for section in SchemaPlace.sections(.section(ProfileShape.profile)) {
            let (profile, path) = Samples.frame(section + ["nobody-knows"], .null)
            let document = profile.setting(path, 1)
            #expect(profileErrors(document).contains { $0.path.hasSuffix("nobody-knows") }, "\(section)")
            judge.add(document, isGood: false, place: "\(section) nobody-knows")
        }
        let disagreements = try await judge.disagreements()
        #expect(disagreements == "")
    }

    @Test func `every key of a vectors file takes what its shape says, and refuses the rest, with the schema agreeing`()
        async throws
    {
        #expect(vectorErrors(Samples.vectors) == [])
        var judge = SchemaJudge(schema: ProfileSchema.vectors)
        judge.add(Samples.vectors, isGood: true, place: "base")
        for place in SchemaPlace.all(VectorsShape.file) {
            compare(place, special: Samples.specialVectors, judge: &judge, errors: vectorErrors) { value in
                Samples.vectors.setting(place.path, value)
            }
        }
        for section in SchemaPlace.sections(.section(VectorsShape.file)) {
            let document = Samples.vectors.setting(section + ["nobody-knows"], 1)
            #expect(vectorErrors(document).contains { $0.path.hasSuffix("nobody-knows") }, "\(section)")
            judge.add(document, isGood: false, place: "\(section) nobody-knows")
        }
        let disagreements = try await judge.disagreements()
        #expect(disagreements == "")
    }

    @Test func `mistakes that people make are refused by the reader and marked by the schema`() async throws {
        var profiles = SchemaJudge(schema: ProfileSchema.document)
        for mistake in ProfileMistake.all {
            let document = mistake.document(of: Samples.profile)
            #expect(!profileErrors(document).isEmpty, "\(mistake.name)")
            profiles.add(document, isGood: false, place: mistake.name)
        }
        var vectors = SchemaJudge(schema: ProfileSchema.vectors)
        for mistake in ProfileMistake.ofVectors {
            let document = mistake.document(of: Samples.vectors)
            #expect(!vectorErrors(document).isEmpty, "\(mistake.name)")
            vectors.add(document, isGood: false, place: mistake.name)
        }
        let disagreements = try await profiles.disagreements() + vectors.disagreements()
        #expect(disagreements == "")
    }

    @Test func `every profile and vectors file of the library, and those the tests call good, pass the schema`()
        async throws
    {
        let fixtures = try Fixture.all().filter { !$0.expected.contains("error:") }
        var profiles = fixtures.filter { $0.name.hasPrefix("profile-") }.map { (name: $0.name, text: $0.text) }
        var vectors = fixtures.filter { $0.name.hasPrefix("vectors-") }.map { (name: $0.name, text: $0.text) }
        let library = (#filePath as NSString).deletingLastPathComponent + "/../../Devices"
        for name in try FileManager.default.subpathsOfDirectory(atPath: library) where name.hasSuffix(".yaml") {
            let text = try String(contentsOfFile: library + "/" + name, encoding: .utf8)
            if name.hasSuffix(".vectors.yaml") { vectors.append((name, text)) } else { profiles.append((name, text)) }
        }
        let lesson = try String(contentsOfFile: library + "/README.md", encoding: .utf8)
        for block in lesson.split(separator: "```yaml\n").compactMap({ $0.split(separator: "```\n").first }) {
            if block.hasPrefix("profile: acme-m1\nversion") { profiles.append(("lesson", String(block))) }
            if block.hasPrefix("profile: acme-m1\nvectors") { vectors.append(("lesson", String(block))) }
        }
        #expect(profiles.last?.name == "lesson" && vectors.last?.name == "lesson")
        #expect(profiles.count > 60 && vectors.count > 60)
        let faults = try await [
            SchemaJudge(schema: ProfileSchema.document).faults(in: profiles),
            SchemaJudge(schema: ProfileSchema.vectors).faults(in: vectors),
        ]
        #expect(faults == ["", ""])
    }

    @Test func `an editor can offer every unit, wire type, reason and table`() throws {
        func words(_ schema: JSONTree, _ path: [String]) -> [JSONTree]? {
            guard case .array(let words)? = schema.at(path) else { return nil }
            return words
        }
        let point = ["properties", "points", "items", "properties"]
        let units = words(ProfileSchema.document, point + ["unit", "properties", "ucum", "enum"])
        #expect(UnitOfMeasure.table.allSatisfy { units?.contains(.string($0.ucum)) == true })
        #expect(words(ProfileSchema.document, point + ["wireType", "enum"])?.count == WireTypeReader.names.count)
        #expect(words(ProfileSchema.document, point + ["entity", "enum"])?.count == 4)
        let expectation = [
            "properties", "vectors", "items", "properties", "expect", "additionalProperties", "properties",
        ]
        let reasons = words(ProfileSchema.vectors, expectation + ["reason", "enum"])
        #expect(reasons?.contains("sentinel-not-supported") == true && reasons?.contains("unmapped-state") == true)
        let quantities = words(ProfileSchema.document, point + ["quantityKind", "examples"])
        #expect(quantities?.contains("http://qudt.org/vocab/quantitykind/ActivePower") == true)
    }
}
