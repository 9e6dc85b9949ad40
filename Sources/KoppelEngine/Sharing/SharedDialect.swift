package import KoppelCore

/// A dialect that knows only what a sharing policy names. It is the one way a recipient's messages are made: the dialect
/// inside was given the machines as the recipient may know them, and nothing else.
package struct SharedDialect: Dialect {
    private let inner: any Dialect
    private let view: SharedView
    /// Of this run, for this recipient alone: a common one would tell two recipients that they hear the same agent.
    /// `nil` where the agent's own may be told.
    private let session: String?

    package init(_ inner: any Dialect, view: SharedView, session: String?) {
        self.inner = inner
        self.view = view
        self.session = session
    }

    package func will(session: String) -> OutgoingMessage { inner.will(session: self.session ?? session) }

    package func birth(_ status: AgentStatus) -> [OutgoingMessage] {
        allowed(inner.birth(visible(status)))
    }

    package var retired: [OutgoingMessage] { allowed(inner.retired) }

    private func allowed(_ messages: [OutgoingMessage]) -> [OutgoingMessage] {
        messages.compactMap { message in
            guard let topicClass = message.topicClass else { return nil }
            guard topicClass != "_agent" else { return marked(message, MessageContent(topicClass: topicClass)) }
            guard let known = SharingPolicy.TopicClass(rawValue: topicClass), view.allows(known) else { return nil }
            return marked(message, MessageContent(topicClass: topicClass))
        }
    }

    package func status(_ status: AgentStatus) -> OutgoingMessage {
        marked(inner.status(visible(status)), MessageContent(topicClass: "_agent"))
    }

    /// How much waits, and how well the clock is, belongs to the owner.
    package func visible(_ status: AgentStatus) -> AgentStatus {
        var result = status
        result.session = session ?? status.session
        result.pending = nil
        result.oldestPending = nil
        result.dropped = 0
        return result
    }

    package func visible(_ stretch: [StoredRecord]) -> [StoredRecord] { view.visible(stretch) }

    package func latest(
        _ reading: Reading, of machine: MachineNumber, rev: UInt32, epoch: UInt32, last: LastValue?
    ) -> OutgoingMessage? {
        guard view.allows(.value), let shared = view.machine(machine), let seen = view.visible(reading, of: shared)
        else { return nil }
        let before = last.flatMap {
            view.isValid(at: $0.time) ? LastValue(value: view.rounded($0.value), time: $0.time) : nil
        }
        return inner.latest(seen, of: machine, rev: shared.description.rev, epoch: epoch, last: before).map {
            marked(
                $0,
                content(
                    .value, shared, signals: names([seen.signal], of: shared), samples: 1, from: seen.time,
                    to: seen.time))
        }
    }

    package func latest(
        _ state: MachineState?, of machine: MachineNumber, rev: UInt32, epoch: UInt32
    ) -> OutgoingMessage? {
        guard view.allows(.state), let shared = view.machine(machine) else { return nil }
        if let state, !view.isValid(at: state.time) { return nil }
        let seen = state.map { view.visible($0, of: shared) }
        return inner.latest(seen, of: machine, rev: shared.description.rev, epoch: epoch).map {
            marked($0, content(.state, shared, samples: seen == nil ? 0 : 1, from: seen?.time, to: seen?.time))
        }
    }

    package func latest(_ alarm: AlarmChange, of machine: MachineNumber, rev: UInt32) -> OutgoingMessage? {
        guard view.allows(.alarm), let shared = view.machine(machine), view.isValid(at: alarm.time),
            let seen = view.visible(alarm, of: shared)
        else { return nil }
        return inner.latest(seen, of: machine, rev: shared.description.rev).map {
            marked(
                $0,
                content(
                    .alarm, shared, signals: seen.signal.map { [$0] } ?? [], samples: 1, from: seen.time, to: seen.time)
            )
        }
    }

    package func event(
        _ occurrence: Occurrence, of machine: MachineNumber, rev: UInt32, epoch: UInt32
    ) -> OutgoingMessage? {
        guard let shared = view.machine(machine), let seen = view.visible(occurrence, of: shared) else { return nil }
        var topicClass = SharingPolicy.TopicClass.event
        if case .window = seen { topicClass = .oee }
        guard view.allows(topicClass) else { return nil }
        return inner.event(seen, of: machine, rev: shared.description.rev, epoch: epoch).map {
            marked($0, content(topicClass, shared, samples: 1, from: seen.time, to: seen.time))
        }
    }

    package func batch(_ records: [StoredRecord], buffered: Bool) -> OutgoingMessage? {
        guard view.allows(.batch), view.policy.enforcement.resolution == nil,
            let shared = records.first.flatMap({ view.machine($0.record.machine) })
        else { return nil }
        let seen = view.visible(records)
        guard !seen.isEmpty else { return nil }
        let readings = seen.flatMap(\.record.readings)
        return inner.batch(seen, buffered: buffered).map {
            marked(
                $0,
                content(
                    .batch, shared, signals: names(Set(readings.map(\.signal)), of: shared),
                    samples: readings.count, from: readings.map(\.time).min(), to: readings.map(\.time).max()))
        }
    }

    package func figures(_ figures: WindowFigures) -> OutgoingMessage? {
        guard view.allows(.batch), let shared = view.machine(figures.machine) else { return nil }
        var seen = figures
        seen.rev = shared.description.rev
        seen.rows = figures.rows.filter { shared.shares($0.signal) }.map { row in
            var result = row
            result.value = row.value.map(view.rounded)
            return result
        }
        seen.missing = figures.missing.filter { shared.shares($0.signal) }
        guard !seen.rows.isEmpty else { return nil }
        return inner.figures(seen).map {
            marked(
                $0,
                content(
                    .batch, shared, signals: names(Set(seen.rows.map(\.signal)), of: shared), samples: seen.rows.count,
                    from: seen.start, to: seen.start.advanced(by: seen.length)))
        }
    }

    private func marked(_ message: OutgoingMessage, _ content: MessageContent) -> OutgoingMessage {
        var result = message
        result.content = content
        return result
    }

    private func content(
        _ topicClass: SharingPolicy.TopicClass, _ machine: SharedMachine, signals: [SignalName] = [], samples: Int,
        from: Timestamp?, to: Timestamp?
    ) -> MessageContent {
        MessageContent(
            topicClass: topicClass.rawValue, machine: machine.description.urn, signals: signals,
            samples: UInt64(samples), from: from, to: to)
    }

    private func names(_ numbers: Set<SignalNumber>, of machine: SharedMachine) -> [SignalName] {
        machine.description.signals.filter { numbers.contains($0.number) }.map(\.name)
    }
}

extension OutgoingMessage {
    /// The first level of its topic that starts with an underscore.
    package var topicClass: String? {
        topic.split(separator: "/").first { $0.first == "_" }.map(String.init)
    }
}
