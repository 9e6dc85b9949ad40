internal import ArgumentParser
internal import KoppelAgent
internal import KoppelCore

/// The log of what left to other parties.
struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Looks into the log of what left to other parties.",
        subcommands: [AuditVerify.self])
}

struct AuditVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Follows the chain of the audit log from its first record to its last.",
        discussion: """
            Works while the agent runs, and changes nothing. Each record holds the hash of the one before: what was \
            changed, left out or put in breaks the chain. Compare the head with the one that the agent's log names each \
            day. Ends with 0 if the chain is whole, with 1 and the line if it breaks, and with 74 if there is no log or \
            it cannot be read.

            Example: koppel audit verify --config /etc/koppel/koppel.yaml
            """)

    @OptionGroup var agent: AgentOptions

    @Flag(help: "Write one JSON document.")
    var json = false

    private struct Document: Encodable {
        var isWhole: Bool
        var records: UInt64
        var firstRecord: UInt64?
        var lastRecord: UInt64
        var from: String?
        var to: String?
        var head: String
        var decisions: [String: UInt64]
        var hasTornEnd: Bool
        var file: String?
        var line: Int?
        var fault: String?
    }

    func run() async throws {
        CommandStart.begin()
        let verification = try verification(of: try agent.data ?? agent.site().agent.dataFolder)
        if json {
            try Streams.write(JSONDocument.text(document(verification)))
        } else {
            try Streams.write(text(verification))
        }
        if verification.broken != nil { throw ExitStatus.no }
    }

    private func verification(of folder: String) throws -> AuditVerification {
        do {
            return try AuditVerification(dataFolder: folder)
        } catch {
            Streams.complain("\(error)")
            throw ExitStatus.inputOutput
        }
    }

    private func text(_ one: AuditVerification) -> String {
        var lines: [String] = []
        if let broken = one.broken {
            lines.append("\(broken.file):\(broken.line): the chain breaks here: \(broken.sentence)")
            lines.append("Before it \(PlainText.count(Int(clamping: one.records), "record")) are whole.")
        } else {
            let decisions = one.decisions.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
            lines.append(
                "The chain is whole: \(PlainText.count(Int(clamping: one.records), "record")) in "
                    + PlainText.count(one.files, "file")
                    + (decisions.isEmpty ? "" : " (\(decisions.joined(separator: ", ")))"))
        }
        if let from = one.firstTime, let to = one.lastTime { lines.append("From \(from) to \(to)") }
        if let first = one.firstNumber, first > 1 {
            lines.append("It begins at record \(first); older ones were removed, as the log is bounded.")
        }
        if one.hasTornEnd {
            lines.append("The last line is torn, as after a crash; the agent takes it away at its next record.")
        }
        lines.append("Head: record \(one.lastNumber), \(one.head)")
        return lines.joined(separator: "\n") + "\n"
    }

    private func document(_ one: AuditVerification) -> Document {
        Document(
            isWhole: one.broken == nil, records: one.records, firstRecord: one.firstNumber, lastRecord: one.lastNumber,
            from: one.firstTime, to: one.lastTime, head: one.head, decisions: one.decisions,
            hasTornEnd: one.hasTornEnd, file: one.broken?.file, line: one.broken?.line, fault: one.broken?.sentence)
    }
}
