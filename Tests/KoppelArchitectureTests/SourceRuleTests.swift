import Testing

struct SourceRuleTests {
    /// All files but those of these tests, which hold the forbidden words.
    private static let files = Result {
        try (SourceTree.files(in: "Sources") + SourceTree.files(in: "Tests")).filter {
            !$0.path.hasPrefix("Tests/KoppelArchitectureTests/")
        }
    }

    @Test func `no line holds a word we do not use`() throws {
        for file in try Self.files.get() {
            for (number, line) in file.lines.enumerated() {
                guard let fault = SourceRules.fault(in: line) else { continue }
                Issue.record("\(file.path):\(number + 1): \(fault)")
            }
        }
    }

    @Test func `whatever switches off a check of the compiler says why`() throws {
        for file in try Self.files.get() {
            for number in SourceRules.unexplainedEscapes(in: file.lines) {
                Issue.record("\(file.path):\(number): needs a comment directly above that proves it safe")
            }
        }
    }

    @Test func `no file is over 500 lines, and those over 300 are named`() throws {
        let files = try Self.files.get()
        #expect(files.count > 50, "the sources were not found")
        for file in files where !file.path.hasSuffix(".pb.swift") {  // written by protoc
            // The last line ends with a line break, so there is an empty one behind it.
            let count = file.lines.count - 1
            #expect(count <= 500, "\(file.path) has \(count) lines: split it")
            if (301...500).contains(count) {
                Issue.record("\(file.path) has \(count) lines: look twice whether it is one thing", severity: .warning)
            }
        }
    }

    @Test(
        arguments: [
            ("try! open()", false), ("fatalError(\"no\")", false), ("let queue = DispatchQueue.main", false),
            ("let child = Process()", false), ("// TODO: later", false), ("let slaveID = 1", false),
            ("/// The Slave answers.", false), ("modbus_set_slave(raw, 1)", true),
            ("modbus_set_slave(raw, slave)", false), ("try open()", true), ("let clock = ProcessClock()", true),
        ])
    func `the words are found`(line: String, isAllowed: Bool) {
        #expect((SourceRules.fault(in: line) == nil) == isAllowed)
    }

    @Test(
        arguments: [
            (["// because it is never shared", "final class A: @unchecked Sendable {"], []),
            (["final class A: @unchecked Sendable {"], [1]),
            (["", "nonisolated(unsafe) var a = 1"], [2]),
            (["// proof", "", "nonisolated(unsafe) var a = 1"], [3]),
            (["/// proof", "@safe", "  nonisolated(unsafe) var a = 1", "  nonisolated(unsafe) var b = 1"], []),
            (["// @unchecked Sendable because", "struct B {}"], []),
        ] as [([String], [Int])])
    func `an escape without its comment is found`(lines: [String], faults: [Int]) {
        #expect(SourceRules.unexplainedEscapes(in: lines) == faults)
    }
}
