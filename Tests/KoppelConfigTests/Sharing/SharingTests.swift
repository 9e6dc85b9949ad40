import Foundation
import KoppelConfig
import KoppelCore
import KoppelTestKit
import Testing

/// The sharing descriptor of the data model: what is wrong with its form, and what keeps the destination closed.
struct SharingTests {
    /// The worked example of 3.17, as JSON.
    static func example() throws -> String {
        try String(contentsOfFile: SharedFolder.path("data-model/examples/sharing.sharing.json"), encoding: .utf8)
    }

    private func load(_ policy: String?, extra: String = "") -> SiteLoad {
        var files = MemoryFiles(contents: [
            "/etc/koppel/koppel.yaml": """
            koppel: 1
            agent: {id: box-1, location: {enterprise: acme, site: dordrecht}}
            destinations:
              hub-zuidholland:
                url: mqtt://127.0.0.1:1884
                share: {policy: sharing/hub.yaml}
                \(extra)
            """
        ])
        files.contents["/etc/koppel/sharing/hub.yaml"] = policy
        return loadSite(at: "/etc/koppel/koppel.yaml", library: ProfileLibrary(folders: [], files: files), files: files)
    }

    private func policy(_ load: SiteLoad) throws -> SharingPolicy {
        guard case .policy(let policy) = try #require(load.site?.destinations.first, "\(load.issues)").share else {
            throw CocoaError(.coderInvalidValue)
        }
        return policy
    }

    @Test func `3_17: the worked example loads as it stands and opens its destination`() throws {
        let load = load(try Self.example())
        #expect(load.issues.map(\.description) == [])
        let policy = try policy(load)
        #expect(policy.refusals == [])
        #expect(policy.enforcement.resolution?.window == .seconds(900))
        #expect(policy.enforcement.resolution?.functions == [.mean, .max])
        #expect(policy.enforcement.significantDigits == 4)
        #expect(policy.enforcement.recipientRetention == .seconds(90 * 86_400))
        #expect(policy.agreementID == "urn:uuid:7d9f1b33-2a5e-4c6f-8e1d-9b0c3a4f5e66")
        let destination = try #require(load.site?.destinations.first)
        #expect(destination.isServed)
        #expect(destination.publish == [.meta, .batches])
    }

    @Test func `the policy to start from loads as it stands`() throws {
        let text = try String(
            contentsOfFile: Fixture.folder + "/../../../Deploy/sharing/hub-example.yaml", encoding: .utf8)
        let load = load(text)
        #expect(load.issues.map(\.description) == [])
        #expect(load.site?.destinations.first?.isServed == true)
    }

    @Test func `what a file publishes is no more than its policy names`() throws {
        let load = load(try Self.example(), extra: "publish: [values, batches, events]")
        #expect(try #require(load.site?.destinations.first).publish == [.batches])
    }

    @Test func `nothing leaves without a policy file`() throws {
        let load = load(nil)
        #expect(load.issues.map(\.severity) == [.warning])
        #expect(load.site?.destinations.first?.isServed == false)
    }

    struct Change: CustomTestStringConvertible {
        let name: String
        let from: String
        let to: String
        let token: String
        /// Where the issue points, by the keys.
        let path: String
        var testDescription: String { name }
    }

    /// Each is a change of the agreement or of what is enforced, by the last place where the text stands.
    static let changes = [
        Change(
            name: "an operand nobody knows", from: #""leftOperand": "odrl:dateTime""#,
            to: #""leftOperand": "odrl:spatial""#,
            token: "unknown-operand", path: "agreement.permission.1.constraint.2"),
        Change(
            name: "an operator nobody knows", from: #""operator": "gteq""#, to: #""operator": "neq""#,
            token: "unknown-operator", path: "agreement.permission.1.constraint.3"),
        Change(
            name: "an action nobody knows", from: #""action": "odrl:use""#, to: #""action": "odrl:modify""#,
            token: "unknown-action", path: "agreement.permission.1.action"),
        Change(
            name: "a prohibition nobody knows", from: #"{"action": "kpl:reidentify"}"#,
            to: #"{"action": "odrl:print"}"#,
            token: "unknown-action", path: "agreement.prohibition.2.action"),
        Change(
            name: "an obligation nobody knows", from: #""action": "odrl:delete""#, to: #""action": "odrl:compensate""#,
            token: "unknown-action", path: "agreement.obligation.1.action"),
        Change(
            name: "windows finer than agreed", from: #""window": "PT15M""#, to: #""window": "PT5M""#,
            token: "finer-than-agreed", path: "agreement.permission.1.constraint.3"),
        Change(
            name: "events beside agreed windows", from: #"["_meta", "_batch"]"#, to: #"["_meta", "_batch", "_event"]"#,
            token: "finer-than-agreed", path: "agreement.permission.1.constraint.3"),
        Change(
            name: "single values beside windows", from: #"["_meta", "_batch"]"#, to: #"["_meta", "_batch", "_value"]"#,
            token: "cannot-enforce", path: "enforcement.classes"),
        Change(
            name: "a figure that is not made", from: #"["mean", "max"]"#, to: #"["mean", "stddev"]"#,
            token: "cannot-enforce", path: "enforcement.functions"),
        Change(
            name: "sending longer than agreed", from: #""validUntil": "2027-03-01T00:00:00.000000000Z""#,
            to: #""validUntil": "2027-03-01T00:00:00.000000001Z""#, token: "longer-than-agreed",
            path: "agreement.permission.1.constraint.2"),
        Change(
            name: "sending before it was agreed", from: #""validFrom": "2026-02-27T10:00:00.000000000Z""#,
            to: #""validFrom": "2026-02-27T09:59:59.000000000Z""#, token: "longer-than-agreed",
            path: "agreement.timestamp"),
        Change(
            name: "keeping longer than stated", from: #""@value": "P90D""#, to: #""@value": "P91D""#,
            token: "retention-not-agreed", path: "agreement.obligation.1.constraint.1"),
        Change(
            name: "another party", from: #""assignee": "did:web:hub.example""#,
            to: #""assignee": "did:web:other.example""#,
            token: "other-party", path: "agreement.assignee"),
        Change(
            name: "another purpose", from: "kpl:energyBenchmark", to: "kpl:marketing", token: "other-purpose",
            path: "agreement.permission.1.constraint.1"),
        Change(
            name: "another dataset", from: #""target": "urn:uuid:91d0a9b2"#, to: #""target": "urn:uuid:91d0a9b3"#,
            token: "other-dataset", path: "agreement.target"),
        Change(
            name: "a term nobody knows", from: #""assigner": "did:web:acme.example""#,
            to: #""assigner": "did:web:acme.example", "inheritFrom": "urn:x:y""#, token: "agreement-not-understood",
            path: "agreement.inheritFrom"),
        Change(
            name: "a choice between constraints", from: #"{"leftOperand": "odrl:delayPeriod", "operator": "eq", "#,
            to: #"{"or": [], "leftOperand": "odrl:delayPeriod", "operator": "eq", "#, token: "agreement-not-understood",
            path: "agreement.obligation.1.constraint.1.or"),
    ]

    @Test(arguments: changes)
    func `3_17: what is not understood, or wider than agreed, keeps the destination closed`(_ change: Change) throws {
        var text = try Self.example()
        let range = try #require(text.range(of: change.from, options: .backwards), "\(change.from) is not there")
        text.replaceSubrange(range, with: change.to)
        let load = load(text)
        let policy = try policy(load)
        #expect(policy.refusals.map(\.token).contains(change.token), "\(policy.refusals)")
        #expect(load.site?.destinations.first?.isServed == false)
        let issue = try #require(load.issues.first { $0.path == change.path }, "\(load.issues)")
        #expect(issue.severity == .warning)
        #expect(issue.file == "/etc/koppel/sharing/hub.yaml")
        #expect(issue.line > 1)
    }

    @Test func `3_17: another party needs an agreement, and the owner's own broker does not`() throws {
        var text = try Self.example()
        let start = try #require(text.range(of: #""agreement": {"#))
        let end = try #require(text.range(of: #""enforcement""#))
        text.replaceSubrange(start.lowerBound..<end.lowerBound, with: #""agreement": null, "#)
        let hub = try policy(load(text))
        #expect(hub.refusals.map(\.token) == ["no-agreement"])
        let own = try policy(load(text.replacing(#""kind": "hub""#, with: #""kind": "own-broker""#)))
        #expect(own.refusals == [])
    }

    @Test func `a policy for another destination keeps it closed`() throws {
        let other = try Self.example().replacing(#""id": "hub-zuidholland""#, with: #""id": "hub-noord""#)
        let elsewhere = try policy(load(other))
        #expect(elsewhere.refusals.map(\.token) == ["other-destination"])
    }

    @Test(arguments: [
        (#""window": "PT15M""#, #""window": "P1M""#), (#""functions": ["mean", "max"],"#, ""),
        (#""include": ["electrical/active-power"]"#, #""include": []"#),
        (#""include": ["electrical/active-power"]"#, #""include": ["electrical"]"#),
        (#""classes": ["_meta", "_batch"]"#, #""classes": ["_meta", "_td"]"#), (#""version": 3"#, #""version": 0"#),
        (#""onViolation": "drop-and-audit""#, #""onViolation": "ignore""#),
        (#""minGoodFraction": 0.8"#, #""minGoodFraction": 1.8"#), (#""kind": "hub""#, #""kind": "friend""#),
        (#""purpose": ["https://koppel.example/cdm/1/vocab#energyBenchmark"]"#, #""purpose": []"#),
        (#""enforcement": {"#, #""enforcment": {"#), (#""significantDigits": 4"#, #""significantDigits": 0"#),
    ])
    func `a descriptor of the wrong form is an error with its place`(_ from: String, _ to: String) throws {
        let text = try Self.example()
        #expect(text.contains(from))
        let load = load(text.replacing(from, with: to))
        #expect(load.site == nil)
        #expect(
            load.issues.contains { $0.severity == .error && $0.file == "/etc/koppel/sharing/hub.yaml" && $0.line > 1 })
    }
}
