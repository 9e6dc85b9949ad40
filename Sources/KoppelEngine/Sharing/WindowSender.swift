internal import KoppelCore
internal import Logging

/// Sends the figures of whole windows over one connection, in order, each after the one before it was acknowledged.
///
/// The cursor moves only past records whose windows are all acknowledged. What a window is made of is stored before it
/// is sent, so that a crash repeats it and neither loses nor changes it.
struct WindowSender<C: Clock> where C.Duration == Duration {
    let sender: HistorySender<C>
    let plan: SharedWindows
    let run: UInt64

    private static var stretchReadings: Int { 5_000 }

    private var service: DeliveryService<C> { sender.service }
    private var journal: any Journal { service.parts.journal }
    private var wall: Timestamp { service.parts.wallClock.wall }

    /// Until the connection is gone, history begins again or the task is cancelled.
    func send() async throws {
        let cursor = try await journal.cursor(of: service.destination.id) ?? .start
        let length = plan.window.wholeNanoseconds
        let epoch = journal.history.epoch
        let begin =
            plan.memory.load()?.adapted(journalEpoch: epoch, cursor: cursor, length: length, wall: wall)
            ?? WindowProgress(journalEpoch: epoch, position: cursor.rawValue, length: length)
        guard var cutting = WindowCutting(view: plan.view, progress: begin) else { return }
        var events = begin.eventsUntil
        if let closing = begin.closing {
            try await take(upTo: JournalPosition(rawValue: closing.position), &cutting)
            while let end = cutting.openUntil, end.nanoseconds <= closing.end {
                guard try await close(&cutting, isBuffered: true) else { return }
            }
        }
        while !Task.isCancelled {
            let stretch = try await journal.read(after: cutting.reached, maximumReadings: Self.stretchReadings)
            guard try await tellEvents(of: stretch, after: &events) else { return }
            cutting.take(stretch)
            let now = wall
            while cutting.isClosable(wall: now, isDrained: stretch.isEmpty) {
                let isLate = cutting.due.map { $0.advanced(by: .seconds(10)) < now } ?? false
                try store(cutting.closing)
                guard try await close(&cutting, isBuffered: isLate) else { return }
            }
            if stretch.isEmpty { try await rest(after: cutting.reached, until: cutting.due) }
        }
    }

    /// The records a window was made of before, and no more.
    private func take(upTo end: JournalPosition, _ cutting: inout WindowCutting) async throws {
        while cutting.reached < end {
            let stretch = try await journal.read(after: cutting.reached, maximumReadings: Self.stretchReadings)
            let meant = stretch.filter { $0.position <= end }
            guard !meant.isEmpty else { return }
            cutting.take(meant)
        }
    }

    /// Sends the open window and notes that it is done once everything of it is acknowledged.
    ///
    /// - Returns: False if the connection is gone or history begins again.
    private func close(_ cutting: inout WindowCutting, isBuffered: Bool) async throws -> Bool {
        let before = JournalPosition(rawValue: cutting.progress.position)
        let figures = cutting.close(isBuffered: isBuffered)
        let messages = figures.compactMap { service.parts.dialect.figures($0) }
        guard await deliver(messages, from: before, isBuffered: isBuffered) else { return false }
        try store(cutting.progress)
        let done = JournalPosition(rawValue: cutting.progress.position)
        if done > before { try await journal.advance(service.destination.id, to: done) }
        return true
    }

    /// What happened goes out as it is stored; after a crash what was told since the last window is told again.
    private func tellEvents(of stretch: [StoredRecord], after events: inout Int64) async throws -> Bool {
        guard let last = stretch.last else { return true }
        defer { events = max(events, last.position.rawValue) }
        let until = events
        let news = sender.occurrences(
            of: service.parts.dialect.visible(stretch.filter { $0.position.rawValue > until }))
        guard !news.isEmpty else { return true }
        let place = try await journal.cursor(of: service.destination.id) ?? .start
        return await deliver(news, from: place, isBuffered: false)
    }

    /// Hands messages over and waits until all are settled. Their stretch ends where the cursor stands, so that nobody
    /// else moves it.
    private func deliver(_ messages: [OutgoingMessage], from place: JournalPosition, isBuffered: Bool) async -> Bool {
        guard !messages.isEmpty else { return true }
        let session = service.session
        let number = await session.openStretch(
            end: place, messages: messages.count, run: run, generation: sender.generation)
        guard let number else { return false }
        for message in messages {
            guard await sender.send(.occurrence(message), of: number, buffered: isBuffered, nil) else { return false }
        }
        return await session.waitUntilSettled(number, run: run, generation: sender.generation)
    }

    private func store(_ progress: WindowProgress?) throws {
        guard let progress else { return }
        try plan.memory.store(progress)
    }

    /// Waits until something is stored, or the open window is over.
    private func rest(after position: JournalPosition, until due: Timestamp?) async throws {
        let pause = due.map { Duration.nanoseconds(max(1_000_000, $0.nanoseconds - wall.nanoseconds)) }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await journal.waitForRecords(after: position) }
            if let pause {
                group.addTask { try? await service.clock.sleep(for: pause) }  // cancelled when a record comes first
            }
            await group.next()
            group.cancelAll()
        }
        try Task.checkCancellation()
    }
}

/// What a destination needs that gets figures of windows instead of readings.
package struct SharedWindows: Sendable {
    package var view: SharedView
    package var window: Duration
    package var memory: any WindowMemory

    /// `nil` if the policy lets single readings leave.
    package init?(view: SharedView, memory: any WindowMemory) {
        guard let resolution = view.policy.enforcement.resolution else { return nil }
        self.view = view
        window = resolution.window
        self.memory = memory
    }
}
