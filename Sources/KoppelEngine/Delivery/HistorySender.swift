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
                do { try await service.clock.sleep(for: .seconds(5)) } catch { return }
            }
        }
    }

    private func sendFromCursor(_ run: UInt64) async {
        // What was stored before this moment waited while the broker was away.
        let connectedAt = service.parts.wallClock.now
        let cutter = BatchCutter(maximumReadings: service.destination.batchReadings)
        let stretchReadings = min(200_000, service.destination.batchReadings * service.destination.window)
        // Whoever learns of a smaller one lets the lane begin again.
        let learned = await session.learnedMaximumPayload
        do {
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
                let batches = cutter.cut(stretch)
                let number = await session.openStretch(end: last.position, messages: batches.count)
                for batch in batches {
                    let newest = batch.last?.record.readings.last?.time ?? connectedAt
                    guard await send(batch, of: number, buffered: newest < connectedAt, learned) else { return }
                }
            }
        } catch is CancellationError {
            return
        } catch {
            Logger.current.error(
                "The journal cannot be read for a destination; trying again in 5 s",
                metadata: ["destination": "\(service.destination.id)", "error": "\(error)"])
            // Sleeping and leaving lets the lane begin again at the cursor; a cancelled sleep means the lane ends.
            guard (try? await service.clock.sleep(for: .seconds(5))) != nil else { return }
            await session.restartHistory()
        }
    }

    /// Sends one batch, in halves if the broker takes only smaller messages.
    private func send(_ batch: [StoredRecord], of stretch: UInt64, buffered: Bool, _ learned: Int?) async -> Bool {
        guard let message = service.parts.dialect.batch(batch, buffered: buffered) else {
            await tellOfUndescribed(batch)
            await session.setAside(of: stretch, generation: generation)
            return true
        }
        if let limit = maximumPayload(for: message, learned), message.payload.count > limit {
            guard let (first, second) = BatchCutter.halves(of: batch) else {
                await service.setAside(batch, reasonCode: Refusal.packetTooLarge)
                await session.setAside(of: stretch, generation: generation)
                return true
            }
            await session.grow(stretch)
            guard await send(first, of: stretch, buffered: buffered, learned) else { return false }
            return await send(second, of: stretch, buffered: buffered, learned)
        }
        return await service.send(message, lane: .history, generation: generation) { token, generation in
            await session.handedOver(token, of: stretch, batch: batch, generation: generation)
        }
    }

    /// Readings of a machine that the site file had before the last start: no dialect knows where they belong.
    private func tellOfUndescribed(_ batch: [StoredRecord]) async {
        guard let machine = batch.first?.record.machine, await session.isFirstUndescribed(machine) else { return }
        Logger.current.warning(
            "Readings of a machine that is no longer in the site file are not sent; they stay in the journal",
            metadata: ["destination": "\(service.destination.id)", "machine.number": "\(machine.rawValue)"])
    }

    /// The most payload a message may have, if broker or experience set a limit.
    private func maximumPayload(for message: OutgoingMessage, _ learned: Int?) -> Int? {
        // Fixed header 5, topic length 2, packet id 2, properties up to 64 bytes.
        let announced = facts.maximumPacketSize.map { max(1, $0 - message.topic.utf8.count - 73) }
        guard let learned else { return announced }
        return min(learned, announced ?? learned)
    }
}
