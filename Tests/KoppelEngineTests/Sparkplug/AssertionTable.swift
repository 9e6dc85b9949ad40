import KoppelCore
import KoppelTestKit

/// A check of the recorded session, and the assertions of Sparkplug 3.0.0 it holds the edge node to.
struct Assertion: Sendable {
    let ids: [String]
    /// What is wrong; `nil` if nothing is.
    let fault: @Sendable (RecordedSession) -> String?

    init(_ ids: String, _ fault: @escaping @Sendable (RecordedSession) -> String?) {
        self.ids = ids.split(whereSeparator: { $0 == " " || $0 == "\n" }).map(String.init)
        self.fault = fault
    }

    /// Each of these messages keeps to the rule, and there is at least one.
    init(_ ids: String, each types: [String], _ rule: @escaping @Sendable (SeenMessage) -> Bool) {
        self.init(ids) { session in
            let messages = session.all.filter { types.contains($0.type) }
            if messages.isEmpty { return "there is no \(types)" }
            return messages.first { !rule($0) }.map { "\($0.message.topic): \(String(describing: $0.payload))" }
        }
    }

    /// Each metric of these messages keeps to the rule, and there is at least one.
    init(_ ids: String, metricsOf types: [String], _ rule: @escaping @Sendable (ReadPayload.Metric) -> Bool) {
        self.init(ids) { session in
            let metrics = session.all.filter { types.contains($0.type) }.flatMap { $0.payload?.metrics ?? [] }
            if metrics.isEmpty { return "there is no metric in \(types)" }
            return metrics.first { !rule($0) }.map { "\($0)" }
        }
    }

    /// Holds of each connection.
    init(_ ids: String, connection rule: @escaping @Sendable (RecordedSession.Connection) -> Bool) {
        self.init(ids) { session in
            session.connections.firstIndex { !rule($0) }.map { "connection \($0)" }
        }
    }

    static let all = topics + sessions + births + messages + metrics + deaths + hosts

    static let data = ["NDATA", "DDATA"]
    static let everyBirth = ["NBIRTH", "DBIRTH"]
    static let numbered = ["NBIRTH", "DBIRTH", "NDATA", "DDATA", "DDEATH"]
    static let ofDevices = ["DBIRTH", "DDATA", "DDEATH"]
    /// The moment all messages of the record were sent.
    static let sent = UInt64(EdgeNodeBench.now / 1_000_000)

    /// The numbers of a connection rise by one from 0, and a birth of the node begins them again.
    @Sendable static func numbersRise(_ connection: RecordedSession.Connection) -> Bool {
        var expected: UInt64 = 0
        return connection.messages.allSatisfy { seen in
            if seen.type == "NBIRTH" { expected = 0 }
            defer { expected = (expected + 1) % 256 }
            return seen.payload?.seq == expected
        } && (connection.messages.count < 300 || connection.messages.contains { $0.payload?.seq == 255 })
    }

    /// The births of a connection in cycles: the node first, then every device, then anything else.
    @Sendable static func birthsComeFirst(_ connection: RecordedSession.Connection) -> Bool {
        var missing: Set<String> = ["NBIRTH"]
        return connection.messages.allSatisfy { seen in
            switch seen.type {
            case "NBIRTH":
                missing = ["meter-01", "press-2"]
                return true
            case "DBIRTH":
                missing.remove(seen.device ?? "")
                return !missing.contains("NBIRTH")
            default: return missing.isEmpty
            }
        }
    }

    /// The births in force give each alias of data a name, in the same device.
    @Sendable static func aliasesAreBorn(_ connection: RecordedSession.Connection) -> Bool {
        var born: [String: Set<UInt64>] = [:]
        return connection.messages.allSatisfy { seen in
            let aliases = seen.payload?.metrics.compactMap(\.alias) ?? []
            if seen.type.hasSuffix("BIRTH") { born[seen.device ?? ""] = Set(aliases) }
            return born[seen.device ?? ""]?.isSuperset(of: aliases) ?? aliases.isEmpty
        }
    }

    static func bdSeq(_ payload: ReadPayload?) -> UInt64? { payload?.metric("bdSeq")?.value?.number }

    static func will(_ connection: RecordedSession.Connection) -> SeenMessage? {
        connection.terms.will.map(SeenMessage.init)
    }
}
