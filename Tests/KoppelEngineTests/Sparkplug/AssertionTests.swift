import Foundation
import Testing

/// Every assertion of Sparkplug 3.0.0 that concerns an edge node: held against a recorded session, named by another
/// test, or exempt with a reason.
@Suite(.timeLimit(.minutes(5)))
struct AssertionTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let assertion: Assertion
    }

    static let cases = Assertion.all.flatMap { assertion in
        assertion.ids.map { Case(testDescription: $0, assertion: assertion) }
    }

    @Test(arguments: cases)
    func `an edge node keeps to the assertion`(_ one: Case) async throws {
        let session = try await RecordedSession.recorded.value
        let fault = one.assertion.fault(session)
        #expect(fault == nil, "\(one.testDescription): \(fault ?? "")")
    }

    // MARK: None is forgotten

    /// Those that need no test here, by how their names begin.
    static let exempt = [
        "tck-id-payloads-dataset-": "optional: the node uses no data sets",
        "tck-id-payloads-template-": "optional: the node uses no templates",
        "tck-id-topics-nbirth-templates": "optional: the node uses no templates",
        "tck-id-message-flow-device-dcmd-subscribe": "for devices with outputs; Koppel only reads",
        "tck-id-topic-structure-namespace-duplicate-device-id-across-edge-node": "a permission",
        "tck-id-operational-behavior-primary-application-state-with-multiple-servers-single-server":
            "for several servers; a destination has one",
        "tck-id-operational-behavior-primary-application-state-with-multiple-servers-walk":
            "for several servers; a destination has one",
    ]

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()

    private static let ids = Result {
        try String(contentsOf: folder.appending(path: "Assertions/edge-node.txt"), encoding: .utf8)
            .split(separator: "\n").map(String.init)
    }

    /// The ids in the names of the tests of other files.
    private static let named = Result {
        let tests = folder.deletingLastPathComponent().deletingLastPathComponent()
        let paths = try FileManager.default.subpathsOfDirectory(atPath: tests.path())
        let mark = Data("`tck-id-".utf8)
        return try paths.filter { $0.hasSuffix(".swift") }.reduce(into: Set<String>()) { found, path in
            // Most files name none, and looking through bytes is quick.
            let bytes = try Data(contentsOf: tests.appending(path: path))
            guard bytes.range(of: mark) != nil else { return }
            for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") where line.contains("`tck-id-") {
                for word in line.split(whereSeparator: { !$0.isLetter && !$0.isNumber && $0 != "-" })
                where word.hasPrefix("tck-id-") && word.count > "tck-id-".count { found.insert(String(word)) }
            }
        }
    }

    @Test func `each of the 201 assertions has a test or a reason`() throws {
        let ids = try Self.ids.get()
        #expect(ids.count == 201)
        let tested = Set(Self.cases.map(\.testDescription)).union(try Self.named.get())
        for id in ids where !tested.contains(id) {
            #expect(Self.exempt.contains { id.hasPrefix($0.key) }, "no test names \(id)")
        }
        let unknown = tested.subtracting(ids)
        #expect(unknown.isEmpty, "no such assertion: \(unknown.sorted())")
        for id in tested where Self.exempt.contains(where: { id.hasPrefix($0.key) }) {
            Issue.record("\(id) is tested and exempt")
        }
    }
}
