internal import KoppelCore
internal import Logging

/// Sends the journal from the cursor on, over one connection.
struct HistorySender<C: Clock> where C.Duration == Duration {
    let service: DeliveryService<C>
    let generation: UInt64
    let facts: ConnectionFacts

    private var journal: any Journal { service.parts.journal }
    private var session: DeliverySession { service.session }

    /// Until the connection is gone or the task is cancelled.
    func run() async {
        while await session.isCurrent(generation), !Task.isCancelled {
            let run = await session.historyRun
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await session.waitUntilRestart(after: run, generation: generation) }
                group.addTask { await sendFromCursor(run) }
                await group.next()
                group.cancelAll()
            }
            if await session.takeHold() {
                do { try await service.clock.sleep(for: service.pauseAfterRefusal) } catch { return }
            }
        }
    }

    private func sendFromCursor(_ run: UInt64) async {
        let cutter = BatchCutter(maximumReadings: service.destination.batchReadings)
        let stretchReadings = min(200_000, service.destination.batchReadings * service.destination.window)
        // Whoever learns of a smaller one lets the lane begin again.
        let learned = await session.learnedMaximumPayload
        do {
            if let windows = service.parts.windows {
                return try await WindowSender(sender: self, plan: windows, run: run).send()
            }
            // What was stored before this moment waited while the broker was away.
            let waited = try await journal.state().end
            var position = try await journal.cursor(of: service.destination.id) ?? .start
            if let newer = await session.takeCursor() {
                try await journal.advance(service.destination.id, to: newer)
                position = max(position, newer)
            }
            while !Task.isCancelled {
                let stretch = try await journal.read(after: position, maximumReadings: stretchReadings)
                guard let last = stretch.last else {
                    await journal.waitForRecords(after: position)
                    if service.destination.batchEvery > .zero {
                        try await service.clock.sleep(for: service.destination.batchEvery)
                    }
                    continue
                }
                position = last.position
                try await waitUntilOld(stretch)
                let items = items(of: service.parts.dialect.visible(stretch), cutter)
                let number = await session.openStretch(
                    end: last.position, messages: items.count, run: run, generation: generation)
                guard let number else { return }
                for item in items {
                    let isBuffered = item.end.map { $0 <= waited } ?? false
                    guard await send(item, of: number, buffered: isBuffered, learned) else { return }
                }
            }
        } catch is CancellationError {
            return
        } catch {
            if (error as? JournalError)?.kind == .corrupt { service.parts.journalIsDamaged() }
            Logger.current.error(
                "The journal cannot be read for a destination; trying again in 5 s",
                metadata: ["destination": "\(service.destination.id)", "error": "\(error)"])
            // Sleeping and leaving lets the lane begin again at the cursor; a cancelled sleep means the lane ends.
            guard (try? await service.clock.sleep(for: .seconds(5))) != nil else { return }
            await session.restartHistory()
        }
    }

    /// The messages of a stretch: its readings, then what happened, in order.
    private func items(of stretch: [StoredRecord], _ cutter: BatchCutter) -> [HistoryItem] {
        let batches = service.destination.publish.contains(.batches) ? cutter.cut(stretch) : []
        return batches.map { .batch($0) } + occurrences(of: stretch).map { .occurrence($0) }
    }

    /// What happened in a stretch, in order, as far as it is published.
    func occurrences(of stretch: [StoredRecord]) -> [OutgoingMessage] {
        let publish = service.destination.publish
        var messages: [OutgoingMessage] = []
        for stored in stretch where !stored.record.occurrences.isEmpty {
            for occurrence in stored.record.occurrences {
                var kind = DestinationSettings.Publication.events
                if case .window = occurrence { kind = .oee }
                guard publish.contains(kind) else { continue }
                let message = service.parts.dialect.event(
                    occurrence, of: stored.record.machine, rev: stored.record.rev, epoch: stored.epoch)
                if let message { messages.append(message) }
            }
        }
        return messages
    }

    /// Waits until the newest reading is as old as it has to be for this destination.
    private func waitUntilOld(_ stretch: [StoredRecord]) async throws {
        guard service.parts.delay > .zero else { return }
        let newest = stretch.flatMap(\.record.readings).map(\.time).max()
        guard let due = newest?.advanced(by: service.parts.delay) else { return }
        let pause = Duration.nanoseconds(due.nanoseconds - service.parts.wallClock.wall.nanoseconds)
        if pause > .zero { try await service.clock.sleep(for: min(pause, service.parts.delay)) }
    }

    /// Sends one message, in halves if the broker takes only smaller ones.
    func send(_ item: HistoryItem, of stretch: UInt64, buffered: Bool, _ learned: Int?) async -> Bool {
        guard let message = service.parts.dialect.message(item, buffered: buffered) else {
            if case .batch(let records) = item { await tellUndeliverable(records) }
            await session.setAside(of: stretch, generation: generation)
            return true
        }
        if let limit = maximumPayload(for: message, learned), message.payload.count > limit {
            if let (first, second) = item.halves {
                await session.grow(stretch)
                guard await send(first, of: stretch, buffered: buffered, learned) else { return false }
                return await send(second, of: stretch, buffered: buffered, learned)
            }
            // What was learned is a guess from a larger message: only the broker's own word keeps one reading back.
            if let announced = announcedMaximumPayload(for: message), message.payload.count > announced {
                await service.setAside(item, reasonCode: Refusal.packetTooLarge)
                await session.setAside(of: stretch, generation: generation)
                return true
            }
        }
        return await service.send(message, lane: .history, generation: generation) { token, generation in
            let bytes = message.topic.utf8.count + message.payload.count
            let refusal = await session.handedOver(token, of: stretch, item: item, bytes: bytes, generation: generation)
            if let refusal, let item = await session.takeRefused(token) {
                await service.handle(refusal, of: token, item)
            }
        }
    }

    /// Readings of a machine or of signals that the site file does not name any more have no description to go under.
    /// They are passed over, and that is said with their number: at the first, and each time the number has doubled.
    private func tellUndeliverable(_ batch: [StoredRecord]) async {
        guard let machine = batch.first?.record.machine else { return }
        let readings = batch.reduce(0) { $0 + $1.record.readings.count }
        guard let total = await session.countUndeliverable(readings, of: machine) else { return }
        Logger.current.warning(
            "Readings are not delivered: the site file does not name their machine or signals any more",
            metadata: [
                "destination": "\(service.destination.id)", "machine.number": "\(machine.rawValue)",
                "readings": "\(total)",
            ])
    }

    /// The most payload a message may have, if broker or experience set a limit.
    private func maximumPayload(for message: OutgoingMessage, _ learned: Int?) -> Int? {
        let announced = announcedMaximumPayload(for: message)
        guard let learned else { return announced }
        return min(learned, announced ?? learned)
    }

    private func announcedMaximumPayload(for message: OutgoingMessage) -> Int? {
        // Fixed header 5, topic length 2, packet id 2, properties up to 64 bytes.
        facts.maximumPacketSize.map { max(1, $0 - message.topic.utf8.count - 73) }
    }
}
