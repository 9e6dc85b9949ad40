internal import KoppelCore
internal import Logging

/// What is told when: births, then live data, then deaths and what is past.
extension EdgeNodeConversation {
    /// Does the next thing that can be done now: at most one message.
    ///
    /// - Returns: False if there is nothing.
    func step() async throws(JournalError) -> Bool {
        guard session.isConnected else { return false }
        try await keepCursor()
        guard hasRoom else { return false }
        if session.waitForBirth(now: now) == .zero { return try await birthOfNode() }
        guard session.mayTell else { return false }
        if let machine = unborn.first {
            unborn.removeFirst()
            return await birth(of: machine, known.removeValue(forKey: machine) ?? [])
        }
        if try await tellNext(.live) { return true }
        if now >= nextStatus, try await tellNode() { return true }
        if history.isBehind {
            guard bucket.wait(now: now) == .zero else { return false }
            return try await tellNext(.history)
        }
        return await tellDeath()
    }

    var hasRoom: Bool { open.count < max(1, destination.window) }

    // MARK: Births

    /// The one way to begin, at a start, after a break and when a host asks (field rule P75). The devices follow at
    /// once, before any data.
    private func birthOfNode() async throws(JournalError) -> Bool {
        if node == nil { try await findPlace() }
        let status = try await nodeStatus()
        session.beginBirth(now: now)
        node = status
        unborn = parts.dialect.machines[...]
        known = Dictionary(grouping: await parts.live.everything, by: \.machine)
        parts.gauge.waits(forHost: nil)
        let bdSeq = await number.current
        return await tell(parts.dialect.nodeBirth(status, bdSeq: bdSeq, stamp))
    }

    /// A machine whose birth the broker does not take has no device, and its data is passed over.
    ///
    /// - Returns: False if the connection is gone.
    private func birth(of machine: MachineNumber, _ known: [LiveLane.Item]) async -> Bool {
        var account = DeviceAccount()
        let data = account.birth(known)
        accounts[machine] = nil
        guard let message = parts.dialect.deviceBirth(machine, data, stamp) else { return true }
        guard !isTooLarge(message) else {
            Logger.current.error(
                "The birth of a machine is larger than the broker takes, so nothing is told of it: raise the broker's limit",
                metadata: ["destination": "\(destination.id)", "mqtt.topic": "\(message.topic)"])
            return true
        }
        accounts[machine] = account
        return await tell(message)
    }

    /// Live begins where the journal ends now, and the past ends there.
    private func findPlace() async throws(JournalError) {
        let end = try await parts.journal.state().end
        cursor = try await parts.journal.cursor(of: destination.id) ?? end
        let wantsHistory = destination.publish.contains(.batches)
        history.begin(at: wantsHistory ? cursor : end, end: end)
        live.begin(at: end, end: end)
        if !wantsHistory { try await put(end) }
        nextStatus = now + service.pace.statusInterval
    }

    // MARK: Node

    private func nodeStatus() async throws(JournalError) -> EdgeNodeStatus {
        EdgeNodeStatus(
            session: parts.session, clock: parts.wallClock.state, dropped: try await parts.journal.state().dropped)
    }

    /// Counting may use a fiftieth of the time at most, since a large backlog has to be read for it.
    private func tellNode() async throws(JournalError) -> Bool {
        let begin = now
        let status = try await nodeStatus()
        parts.gauge.counted(
            try await parts.journal.backlog(of: destination.id), at: parts.wallClock.now,
            elapsed: service.pace.statusInterval)
        nextStatus = now + max(service.pace.statusInterval, (now - begin) * 50)
        guard let before = node else { return false }
        node = status
        guard let message = parts.dialect.nodeData(status, before: before, stamp) else { return false }
        return await tell(message)
    }

    // MARK: Devices

    private func tellNext(_ kind: EdgeNodeLane.Kind) async throws(JournalError) -> Bool {
        if (kind == .live ? live : history).items.isEmpty {
            guard try await fill(kind) else { return false }
        }
        let item = kind == .live ? live.items.removeFirst() : history.items.removeFirst()
        if let account = accounts[item.machine], account.isDead {
            guard item.data.contains(where: { account.isWorthABirth($0.record) }) else {
                pass(item, kind)
                return true
            }
            let known = await parts.live.everything.filter { $0.machine == item.machine }
            guard await birth(of: item.machine, known) else { return false }
        }
        guard var account = accounts[item.machine] else {
            tellUndeliverable(item)
            pass(item, kind)
            return true
        }
        let data = item.data.flatMap { account.data(of: $0, isBacklog: kind == .history) }
        accounts[item.machine] = account
        if kind == .history { bucket.take(data.count, now: now) }
        return await tell(data, item, kind)
    }

    /// - Returns: False if the journal has no more for this lane.
    private func fill(_ kind: EdgeNodeLane.Kind) async throws(JournalError) -> Bool {
        let position = kind == .live ? live.position : history.position
        if kind == .history, position >= history.end { return false }
        var stretch = try await parts.journal.read(after: position, maximumReadings: Self.stretchReadings)
        if kind == .history { stretch.removeAll { $0.position > history.end } }
        let most = min(destination.batchReadings, 500)
        switch kind {
        case .live: live.take(stretch, mostReadings: most, now: now)
        case .history:
            // What was dropped meanwhile was declared in its place, so an empty stretch means that the end is reached.
            if stretch.isEmpty { history.end = history.position }
            history.take(stretch, mostReadings: most, now: now)
        }
        return !stretch.isEmpty
    }

    /// Tells the data of an item, in halves if the broker takes only smaller messages.
    private func tell(_ data: [DeviceDatum], _ item: EdgeNodeLane.Item, _ kind: EdgeNodeLane.Kind) async -> Bool {
        guard let message = parts.dialect.deviceData(item.machine, data, stamp) else {
            if data.contains(where: \.isReading) { tellUndeliverable(item) }
            pass(item, kind)
            return true
        }
        guard isTooLarge(message) else { return await tell(message, of: item, kind) }
        guard data.count > 1 else {
            Logger.current.warning(
                "The broker takes no message as large as a single reading; it is not told",
                metadata: ["destination": "\(destination.id)", "mqtt.topic": "\(message.topic)"])
            pass(item, kind)
            return true
        }
        if kind == .live { live.grow(item) } else { history.grow(item) }
        let middle = data.count / 2
        guard await tell(Array(data[..<middle]), item, kind) else { return false }
        return await tell(Array(data[middle...]), item, kind)
    }

    private func pass(_ item: EdgeNodeLane.Item, _ kind: EdgeNodeLane.Kind) {
        if kind == .live { live.passed(item, at: now) } else { history.passed(item, at: now) }
    }

    /// Tells of one machine that is lost; what is past goes first, since a dead device has nothing to tell.
    private func tellDeath() async -> Bool {
        for machine in parts.dialect.machines {
            guard let account = accounts[machine], account.isLost, !account.isDead else { continue }
            accounts[machine]?.died()
            guard let message = parts.dialect.deviceDeath(machine, stamp) else { continue }
            return await tell(message)
        }
        return false
    }

    // MARK: One message

    /// What goes on the next message.
    private var stamp: EdgeNodeStamp { EdgeNodeStamp(seq: session.nextSeq, time: parts.wallClock.wall) }

    /// Hands a message over, whose number is then used.
    ///
    /// - Returns: False if the connection is gone.
    private func tell(
        _ message: OutgoingMessage, of item: EdgeNodeLane.Item? = nil, _ kind: EdgeNodeLane.Kind = .live
    ) async -> Bool {
        do throws(UplinkError) {
            // A connection that has come in place of the one we speak on has to begin with births.
            guard !mailbox.hasBroken else { return false }
            let token = try await parts.uplink.publish(message)
            session.told()
            open[token] = .some(item.map { _ in kind })
            guard let item else { return true }
            if kind == .live { live.handedOver(token, item) } else { history.handedOver(token, item) }
            return true
        } catch {
            // The connection broke under us; the disconnect event follows and everything begins again.
            session.disconnected()
            return false
        }
    }

    private func isTooLarge(_ message: OutgoingMessage) -> Bool {
        // Fixed header 5, topic length 2, properties 1, and two bytes for a longer number.
        facts.maximumPacketSize.map { message.payload.count + message.topic.utf8.count + 10 > $0 } ?? false
    }

    /// Readings of a machine or of signals that the site file does not name any more have no metric to go under. They
    /// are passed over, and that is said with their number: at the first, and each time the number has doubled.
    private func tellUndeliverable(_ item: EdgeNodeLane.Item) {
        undeliverable.readings += item.data.reduce(0) { $0 + $1.record.readings.count }
        guard undeliverable.readings >= undeliverable.sayAt else { return }
        undeliverable.sayAt = undeliverable.readings * 2
        Logger.current.warning(
            "Readings are not delivered: the site file does not name their machine or signals any more",
            metadata: [
                "destination": "\(destination.id)", "machine.number": "\(item.machine.rawValue)",
                "readings": "\(undeliverable.readings)",
            ])
    }

    // MARK: Cursor

    /// Puts the cursor where everything counts as reached: in the past first, then in what is live.
    private func keepCursor() async throws(JournalError) {
        guard node != nil else { return }
        if let position = history.reached(now: now) { try await put(position) }
        if cursor >= history.end, let position = live.reached(now: now) { try await put(position) }
    }

    private func put(_ position: JournalPosition) async throws(JournalError) {
        guard position > cursor else { return }
        cursor = position
        try await parts.journal.advance(destination.id, to: position)
    }
}

extension DeviceDatum {
    fileprivate var isReading: Bool { if case .reading = content { true } else { false } }
}
