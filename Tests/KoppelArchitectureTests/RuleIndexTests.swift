import Testing

/// Every field rule and every fault that this version answers is named by a test: in the name of the test itself, or as
/// a row of the table of faults that the floor tests go through.
struct RuleIndexTests {
    /// Rules that need no test of their own here, with the reason.
    static let exempt = [
        "P22": "writing to machines is not in this version"
    ]

    static let ids: [String] =
        numbered("P", 1...78) + ["P31b", "P53b"] + numbered("F", 1...32) + numbered("R", 1...17) + numbered("D", 1...11)
        + numbered("A", 1...23) + numbered("U", 1...29) + numbered("T", 1...11)
        + numbered("S", 1...12)

    private static func numbered(_ letter: String, _ numbers: ClosedRange<Int>) -> [String] {
        numbers.map { letter + ($0 < 10 ? "0\($0)" : "\($0)") }
    }

    /// The ids in the lines that name tests.
    private static let named = Result {
        try SourceTree.files(in: "Tests", extensions: ["swift", "py"]).flatMap { file in
            file.lines.filter { line in
                file.path.hasSuffix(".py") ? line.contains("Row(") : line.contains("func `")
            }
        }.reduce(into: Set<String>()) { found, line in
            for word in line.split(whereSeparator: { !$0.isLetter && !$0.isNumber }) { found.insert(String(word)) }
        }
    }

    @Test(arguments: ids)
    func `a test names it`(id: String) throws {
        let named = try Self.named.get()
        #expect(
            named.contains(id) || Self.exempt[id] != nil,
            "No test names \(id). A rule or fault without a test is a promise nobody checks")
    }
}
