internal import Foundation

/// What has arrived at the broker, as `mosquitto_sub` tells it.
///
/// At most one row a signal; the demo has some two hundred.
actor DemoBoard {
    struct Row: Sendable {
        var machine: String
        var signal: String
        var value: String
        var unit: String
        var quality: String
        var arrived: ContinuousClock.Instant
    }

    /// What it counts, for the closing words.
    struct Counts: Sendable {
        var batches = 0
        var readings = 0
        var values = 0
        var machines: Set<String> = []
        var isOnline = false
    }

    /// Stands where other rows have the name of a signal.
    static let state = "state"

    private(set) var counts = Counts()
    private var rows: [String: Row] = [:]

    /// One message, as the line `TOPIC<tab>PAYLOAD`.
    func take(_ line: String) {
        guard let tab = line.firstIndex(of: "\t") else { return }
        let levels = line[..<tab].split(separator: "/").map(String.init)
        let payload = Data(line[line.index(after: tab)...].utf8)
        if levels.last == "status", let status = decode(Status.self, payload) {
            counts.isOnline = status.online
        } else if let place = levels.firstIndex(of: "_batch"), place > 0, let batch = decode(Batch.self, payload) {
            counts.batches += 1
            counts.readings += batch.series.reduce(0) { $0 + $1.v.count }
            counts.machines.insert(levels[place - 1])
        } else if levels.last == "_state", levels.count > 1, let state = decode(State.self, payload) {
            let machine = levels[levels.count - 2]
            rows["\(machine) \(Self.state)"] = Row(
                machine: machine, signal: Self.state,
                value: state.sub.map { "\(state.state) (\($0.code))" } ?? state.state, unit: "",
                quality: state.reason.map { "\(state.quality) (\($0))" } ?? state.quality, arrived: .now)
        } else if let place = levels.firstIndex(of: "_value"), place > 0, let value = decode(Latest.self, payload) {
            counts.values += 1
            let signal = levels[(place + 1)...].joined(separator: "/")
            rows["\(levels[place - 1]) \(signal)"] = Row(
                machine: levels[place - 1], signal: signal, value: value.value?.description ?? "-",
                unit: value.unit ?? "", quality: value.reason.map { "\(value.quality) (\($0))" } ?? value.quality,
                arrived: .now)
        }
    }

    /// The rows of the signals named, in that order, of every machine.
    func rows(_ signals: [String]) -> [Row] {
        rows.values.filter { signals.contains($0.signal) }
            .sorted {
                ($0.machine, signals.firstIndex(of: $0.signal) ?? 0) < (
                    $1.machine, signals.firstIndex(of: $1.signal) ?? 0
                )
            }
    }

    private func decode<Message: Decodable>(_ type: Message.Type, _ payload: Data) -> Message? {
        do {
            return try JSONDecoder().decode(type, from: payload)
        } catch {
            // An empty payload clears a retained topic; anything else would be told by the tests of the dialect.
            return nil
        }
    }

    private struct Status: Decodable { let online: Bool }

    private struct State: Decodable {
        struct Sub: Decodable { let code: String }
        let state: String
        let sub: Sub?
        let quality: String
        let reason: String?
    }

    private struct Batch: Decodable {
        struct Series: Decodable { let v: [Scalar?] }
        let series: [Series]
    }

    private struct Latest: Decodable {
        let value: Scalar?
        let unit: String?
        let quality: String
        let reason: String?
    }

    private enum Scalar: Decodable, CustomStringConvertible {
        case number(Double)
        case text(String)
        case bool(Bool)

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let value = try? container.decode(Bool.self) {  // one of three types; the last one tells of an error
                self = .bool(value)
            } else if let value = try? container.decode(Double.self) {
                self = .number(value)
            } else {
                self = .text(try container.decode(String.self))
            }
        }

        var description: String {
            switch self {
            case .number(let number): number.formatted(.number.precision(.significantDigits(1...6)).grouping(.never))
            case .text(let text): text
            case .bool(let truth): truth ? "true" : "false"
            }
        }
    }
}
