package import KoppelCore
internal import Logging

/// Brings what the journal holds to one destination, and the latest values beside it.
///
/// Nothing waits here: the only queue is the journal, and this service keeps a cursor in it that moves only when the
/// broker has acknowledged everything before it. A broken connection or a crash therefore repeats, and never loses.
/// Live values have a lane of their own, so that a backlog never delays them.
package struct DeliveryService<C: Clock>: Sendable where C.Duration == Duration {
    /// What the service works with. All of it is shared with nobody but the journal and the live lane.
    package struct Parts: Sendable {
        package var journal: any Journal
        package var uplink: any Uplink
        package var dialect: any Dialect
        package var live: LiveLane
        package var quarantine: any Quarantine
        package var wallClock: WallClock
        /// `urn:uuid:` of this run of the agent.
        package var session: String
        /// When this run began, on the agent's own time.
        package var since: Timestamp
        /// Called each time the journal turns out to be damaged; nothing can be delivered until it is opened again.
        package var journalIsDamaged: @Sendable () -> Void
        /// Where it shows how it fares.
        package var gauge: DeliveryGauge
        /// How old a reading is before it leaves.
        package var delay = Duration.zero
        /// Figures of windows leave in place of readings, if there is something here.
        package var windows: SharedWindows?

        package init(
            journal: any Journal, uplink: any Uplink, dialect: any Dialect, live: LiveLane,
            quarantine: any Quarantine, wallClock: WallClock, session: String, since: Timestamp,
            journalIsDamaged: @escaping @Sendable () -> Void = {}, gauge: DeliveryGauge = DeliveryGauge()
        ) {
            self.journal = journal
            self.uplink = uplink
            self.dialect = dialect
            self.live = live
            self.quarantine = quarantine
            self.wallClock = wallClock
            self.session = session
            self.since = since
            self.journalIsDamaged = journalIsDamaged
            self.gauge = gauge
        }
    }

    let destination: DestinationSettings
    let parts: Parts
    let clock: C
    let session: DeliverySession
    /// The longest the cursor stays in memory only. A crash repeats what was acknowledged within it.
    let cursorInterval: Duration
    /// How long history rests after a refusal that may pass.
    let pauseAfterRefusal: Duration
    /// How often the status is told again if it changed.
    let statusInterval: Duration

    package init(
        destination: DestinationSettings, parts: Parts, clock: C, cursorInterval: Duration = .milliseconds(100),
        pauseAfterRefusal: Duration = .seconds(5), statusInterval: Duration = .seconds(10)
    ) {
        self.destination = destination
        self.parts = parts
        self.clock = clock
        self.cursorInterval = cursorInterval
        self.pauseAfterRefusal = pauseAfterRefusal
        self.statusInterval = statusInterval
        let begin = clock.now
        session = DeliverySession(window: destination.window, limit: destination.rate) {
            begin.duration(to: clock.now)
        }
    }

    /// Runs until the task is cancelled. A destination that is away is waited for; only a journal that fails for good
    /// ends it.
    ///
    /// All of it runs on the thread of the connection: one message takes a dozen steps, and waking another thread for
    /// each would cost more than the steps.
    package func run() async throws {
        try await withTaskExecutorPreference(parts.uplink.executor) { try await serve() }
    }

    private func serve() async throws {
        // Bounded by the window: each message in flight has one outcome, and a connection has two edges.
        let (events, source) = AsyncStream.makeStream(of: UplinkEvent.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { source.finish() }
                try await parts.uplink.run(will: parts.dialect.will(session: parts.session)) { source.yield($0) }
            }
            group.addTask { await settle(events) }
            group.addTask { await keepCursor() }
            group.addTask { await serveConnections() }
            defer { group.cancelAll() }
            try await group.next()
        }
        await storeCursor()
    }

    // MARK: Events

    private func settle(_ events: AsyncStream<UplinkEvent>) async {
        for await event in events {
            switch event {
            case .connected(let facts):
                parts.gauge.connected(at: parts.wallClock.now)
                await session.connected(facts)
            case .disconnected(let error):
                parts.gauge.disconnected(error, at: parts.wallClock.now)
                await session.disconnected()
            case .acknowledged(let token):
                parts.gauge.acknowledged(at: parts.wallClock.now)
                await session.acknowledged(token)
            case .refused(let token, let refusal):
                await handle(refusal, of: token)
            case .received: continue  // it subscribes to nothing
            }
        }
    }

    /// So many times in a row a message is sent again that the broker refuses for no stated reason. Then it
    /// is taken for refused for good, since the head has to move (field rule P58).
    private static var patience: Int { 12 }

    private func handle(_ refusal: Refusal, of token: DeliveryToken) async {
        switch await session.refused(token, refusal) {
        case .history(let item): await handle(refusal, of: token, item)
        case .live(let topic, let isNews): handle(refusal, ofLive: topic, isNews)
        case nil: break  // counted when the sender has noted it, or sent again anyway
        }
    }

    /// A latest value, descriptor or status was refused: told at the first of each reason, and counted.
    private func handle(_ refusal: Refusal, ofLive topic: String, _ isNews: Bool) {
        parts.gauge.refused(refusal, topic: topic, at: parts.wallClock.now)
        guard isNews else { return }
        Logger.current.warning(
            refusal.mayPass
                ? "The broker refused a message for now; latest values are sent again after a pause"
                : "The broker refuses a topic, so what stands there is old or missing; check its access rules and limits",
            metadata: [
                "destination": "\(destination.id)", "mqtt.topic": "\(topic)",
                "mqtt.reason": "0x\(String(refusalCode: refusal.reasonCode))",
            ])
    }

    /// Says everything again that the broker refused for now, each time after a longer pause of at most five minutes.
    private func repeatRefused(_ generation: UInt64) async {
        var pause = pauseAfterRefusal
        while await session.waitForRefusedLive(generation) {
            do { try await clock.sleep(for: pause) } catch { return }
            pause = min(pause * 2, .seconds(300))
            guard await greet(generation) else { return }
        }
    }

    func handle(_ refusal: Refusal, of token: DeliveryToken, _ item: HistoryItem) async {
        parts.gauge.refused(refusal, topic: nil, at: parts.wallClock.now)
        if refusal.reasonCode == Refusal.packetTooLarge, item.halves != nil {
            let size = parts.dialect.message(item, buffered: true)?.payload.count ?? 0
            await session.learn(maximumPayload: size / 2)
            await session.restartHistory()
            return
        }
        if refusal.mayPass {
            let times = await session.countVainRestart()
            if times == 1 {
                Logger.current.warning(
                    "The broker refused a message for now; history is sent again every 5 s until it takes it",
                    metadata: [
                        "destination": "\(destination.id)",
                        "mqtt.reason": "0x\(String(refusalCode: refusal.reasonCode))",
                    ])
            }
            if refusal.isQuota || times < Self.patience {
                await session.holdHistory()
                await session.restartHistory()
                return
            }
        }
        await setAside(item, reasonCode: refusal.reasonCode)
        await session.settledByQuarantine(token)
    }

    /// Puts a message in quarantine; what it says stays readable there.
    func setAside(_ item: HistoryItem, reasonCode: UInt8) async {
        guard let message = parts.dialect.message(item, buffered: true) else { return }
        Logger.current.warning(
            "The broker refused a message for good; it is kept in quarantine and the next ones go on",
            metadata: [
                "destination": "\(destination.id)", "mqtt.topic": "\(message.topic)",
                "mqtt.reason": "0x\(String(refusalCode: reasonCode))",
            ])
        parts.gauge.quarantined()
        await parts.quarantine.keep(
            QuarantinedMessage(
                destination: destination.id, topic: message.topic, payload: message.payload, reasonCode: reasonCode,
                time: parts.wallClock.wall))
    }

    // MARK: Cursor

    private func keepCursor() async {
        while await session.waitForCursor() {
            do { try await clock.sleep(for: cursorInterval) } catch { return }
            await storeCursor()
        }
    }

    private func storeCursor() async {
        if let cursor = await session.takeCursor() { await store(cursor) }
    }

    private func store(_ cursor: JournalPosition) async {
        do throws(JournalError) {
            try await parts.journal.advance(destination.id, to: cursor)
        } catch {
            // Not lost: the same stretch is sent again after a restart. The journal says what is wrong where it
            // stores readings.
            Logger.current.error(
                "The place reached at a destination could not be stored",
                metadata: ["destination": "\(destination.id)", "error": "\(error)"])
        }
    }

    // MARK: Connections

    private func serveConnections() async {
        while let (generation, facts) = await session.waitUntilConnected() {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await session.waitUntilGone(generation) }
                group.addTask {
                    guard await greet(generation) else { return await session.waitUntilGone(generation) }
                    await withTaskGroup(of: Void.self) { lanes in
                        lanes.addTask { await keepStatus(generation) }
                        lanes.addTask { await repeatRefused(generation) }
                        lanes.addTask { await ExtraSender(service: self, generation: generation).run() }
                        if destination.publish.wantsLive {
                            lanes.addTask { await LiveSender(service: self, generation: generation).run() }
                        }
                        if destination.publish.wantsHistory {
                            lanes.addTask {
                                await HistorySender(service: self, generation: generation, facts: facts).run()
                            }
                        }
                    }
                    await session.waitUntilGone(generation)
                }
                await group.next()
                group.cancelAll()
            }
        }
    }

    /// Says who we are before anything else: status, then a descriptor for each machine.
    private func greet(_ generation: UInt64) async -> Bool {
        let messages = parts.dialect.birth(await status(elapsed: nil))
        for message in messages {
            guard await sendLive(message, generation: generation) else { return false }
        }
        await parts.live.repeatAll()
        return true
    }

    /// How it is with the agent and with what this destination still has to get; `elapsed` since it was asked before.
    private func status(elapsed: Duration?) async -> AgentStatus {
        let clock = parts.wallClock.reading
        var status = AgentStatus(
            session: parts.session, since: parts.since.advanced(by: clock.step), clock: clock.state,
            clockErrorMilliseconds: clock.errorMilliseconds, pending: nil)
        do throws(JournalError) {
            let backlog = try await parts.journal.backlog(of: destination.id)
            status.dropped = try await parts.journal.state().dropped
            status.oldestPending = backlog.oldest
            status.pending = backlog.readings
            parts.gauge.counted(backlog, at: parts.wallClock.now, elapsed: elapsed)
        } catch {
            // The journal says what is wrong where it stores readings; the status leaves the buffer out.
            if error.kind == .corrupt { parts.journalIsDamaged() }
            Logger.current.debug("The backlog cannot be counted", metadata: ["error": "\(error)"])
        }
        return status
    }

    /// Tells the status again when it has changed, as often as ``statusInterval`` says. Counting may use a fiftieth of
    /// the time at most, since a large backlog has to be read for it.
    private func keepStatus(_ generation: UInt64) async {
        var told: AgentStatus?
        var pause = statusInterval
        var before = clock.now
        while true {
            do { try await clock.sleep(for: pause) } catch { return }
            let begin = clock.now
            var next = parts.dialect.visible(await status(elapsed: before.duration(to: begin)))
            before = begin
            pause = max(statusInterval, begin.duration(to: clock.now) * 50)
            // The error changes all the time and is told along with the rest.
            let error = next.clockErrorMilliseconds
            next.clockErrorMilliseconds = told?.clockErrorMilliseconds
            guard next != told else { continue }
            next.clockErrorMilliseconds = error
            guard await sendLive(parts.dialect.status(next), generation: generation) else { return }
            told = next
        }
    }

    /// Sends a message that belongs to no stretch of the journal.
    func sendLive(_ message: OutgoingMessage, generation: UInt64) async -> Bool {
        await send(message, lane: .live, generation: generation) { token, generation in
            let early = await session.handedOverLive(token, topic: message.topic, generation: generation)
            if case (let refusal, .live(let topic, let isNews))? = early { handle(refusal, ofLive: topic, isNews) }
        }
    }

    /// Takes a place in the window, hands the message over and notes its token.
    ///
    /// - Returns: False if the connection is gone or the task was cancelled.
    func send(
        _ message: OutgoingMessage, lane: DeliverySession.Lane, generation: UInt64,
        note: (DeliveryToken, UInt64) async -> Void
    ) async -> Bool {
        let bytes = message.topic.utf8.count + message.payload.count
        while true {
            switch await session.takePlace(lane, bytes: bytes, generation: generation) {
            case .gone: return false
            case .at(let moment):
                do { try await clock.sleep(for: await session.time(until: moment)) } catch { return false }
                continue
            case .taken: break
            }
            break
        }
        do throws(UplinkError) {
            await note(try await parts.uplink.publish(message), generation)
            return true
        } catch {
            // The connection broke under us; the disconnect event follows and everything is sent again.
            await session.returnPlace(lane, bytes: bytes, generation: generation)
            return false
        }
    }
}

extension Set<DestinationSettings.Publication> {
    /// Whether latest values, states or alarms are wanted.
    package var wantsLive: Bool { !liveKinds.isEmpty }

    /// The kinds of which a destination keeps the latest.
    package var liveKinds: Self { intersection([.values, .state, .alarms]) }

    /// Whether anything of what the journal holds is wanted.
    var wantsHistory: Bool { !isDisjoint(with: [.batches, .events, .oee]) }
}

extension String {
    /// Two upper-case hexadecimal digits.
    init(refusalCode code: UInt8) {
        let digits = String(code, radix: 16, uppercase: true)
        self = digits.count == 1 ? "0" + digits : digits
    }
}
