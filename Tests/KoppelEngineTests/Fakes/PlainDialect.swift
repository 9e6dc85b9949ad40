import KoppelCore

/// Writes batches as lines of `signal:seq`, so that a test reads back what was sent.
struct PlainDialect: Dialect {
    func will(session: String) -> OutgoingMessage { message("status", "offline") }

    func birth(_ status: AgentStatus) -> [OutgoingMessage] { [self.status(status), message("meta", "")] }

    func status(_ status: AgentStatus) -> OutgoingMessage {
        let clock = status.clock == .synchronised ? "" : ", \(status.clock.name)"
        return message("status", "online, pending \(status.pending.map { "\($0)" } ?? "unknown")\(clock)")
    }

    func latest(_ reading: Reading, of machine: MachineNumber, rev: UInt32, epoch: UInt32, last: LastValue?)
        -> OutgoingMessage?
    {
        message("value", "\(machine.rawValue).\(reading.signal.rawValue):\(reading.seq)")
    }

    func latest(_ state: MachineState?, of machine: MachineNumber, rev: UInt32, epoch: UInt32) -> OutgoingMessage? {
        message("state", state.map { "\(machine.rawValue) \($0.what.state) \($0.seq)" } ?? "")
    }

    func latest(_ alarm: AlarmChange, of machine: MachineNumber, rev: UInt32) -> OutgoingMessage? {
        message("alarm", alarm.isActive ? "\(machine.rawValue) \(alarm.code)" : "")
    }

    func event(_ occurrence: Occurrence, of machine: MachineNumber, rev: UInt32, epoch: UInt32) -> OutgoingMessage? {
        switch occurrence {
        case .state(let state): message("event", "\(machine.rawValue) state \(state.seq)")
        case .alarm(let alarm): message("event", "\(machine.rawValue) alarm \(alarm.seq)")
        case .counter(let counter): message("event", "\(machine.rawValue) counter \(counter.seq)")
        case .window(let window): message("oee", "\(machine.rawValue) \(window.start.nanoseconds)")
        case .numbered: nil
        }
    }

    func batch(_ records: [StoredRecord], buffered: Bool) -> OutgoingMessage? {
        let lines = records.flatMap { stored in
            stored.record.readings.map { "\(stored.record.machine.rawValue).\($0.signal.rawValue):\($0.seq)" }
        }
        return message(buffered ? "batch/buffered" : "batch", lines.joined(separator: "\n"))
    }

    private func message(_ topic: String, _ text: String) -> OutgoingMessage {
        OutgoingMessage(topic: topic, payload: Array(text.utf8), retain: false)
    }
}

extension OutgoingMessage {
    var lines: [String] { String(decoding: payload, as: UTF8.self).split(separator: "\n").map(String.init) }
}

extension [OutgoingMessage] {
    /// The readings in the batches, in the order sent.
    var history: [String] { filter { $0.topic.hasPrefix("batch") }.flatMap(\.lines) }
}
