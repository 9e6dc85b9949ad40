internal import KoppelCore
internal import Logging

/// What one edge node tells over its connections, one message after the other: the order of messages is the order of
/// their numbers, so there is one loop and no second one.
///
/// What is live goes before what is past. Bounded: one stretch of the journal for each, at most ``stretchReadings``
/// readings, and the destination's window of messages that are not written yet.
actor EdgeNodeConversation<C: Clock> where C.Duration == Duration {
    /// Readings taken from the journal at a time.
    static var stretchReadings: Int { 2_000 }

    let service: EdgeNodeService<C>
    let mailbox: EdgeNodeMailbox
    let number: BirthNumber
    let start: C.Instant

    var session: EdgeNodeSession
    var accounts: [MachineNumber: DeviceAccount] = [:]
    var facts = ConnectionFacts()
    var live: EdgeNodeLane
    var history: EdgeNodeLane
    var bucket: ReadingBucket
    private let lag: Duration
    /// The messages that are handed over and not written yet, each with its lane if it has one.
    var open: [DeliveryToken: EdgeNodeLane.Kind?] = [:]
    /// The machines whose births are due now.
    var unborn: ArraySlice<MachineNumber> = []
    /// What was known of them when the node was born; what came later is told as data.
    var known: [MachineNumber: [LiveLane.Item]] = [:]
    var node: EdgeNodeStatus?
    var nextStatus = Duration.zero
    /// Where the cursor was put last.
    var cursor = JournalPosition.start
    /// Readings of machines and signals that have no metric, and at how many it is said again.
    var undeliverable = (readings: 0, sayAt: 1)

    init(service: EdgeNodeService<C>, mailbox: EdgeNodeMailbox, number: BirthNumber) {
        self.service = service
        self.mailbox = mailbox
        self.number = number
        start = service.clock.now
        session = EdgeNodeSession(
            waitsForHost: service.destination.sparkplug?.primaryHost != nil,
            rebirthInterval: service.pace.rebirthInterval)
        lag = service.pace.lag ?? LaggingCursor(keepalive: service.destination.keepalive).lag
        live = EdgeNodeLane(.live, lag: lag)
        history = EdgeNodeLane(.history, lag: lag)
        // A reading of the past takes about 18 bytes (data model 3.13).
        let allowed = service.destination.rate.map { $0 / 18 } ?? .max
        bucket = ReadingBucket(rate: min(service.pace.historyRate, allowed))
    }

    /// Since the conversation began.
    var now: Duration { start.duration(to: service.clock.now) }
    var parts: EdgeNodeService<C>.Parts { service.parts }
    var destination: DestinationSettings { service.destination }

    /// Until the task is cancelled or the primary host has gone.
    func run() async {
        while !Task.isCancelled {
            for event in mailbox.take() {
                if await handle(event) == .leave {
                    Logger.current.notice(
                        "The primary host is gone; readings wait in the journal until it is back",
                        metadata: ["destination": "\(destination.id)"])
                    return
                }
            }
            do {
                guard try await step() else {
                    await waitForNews()
                    continue
                }
            } catch {
                await journalFailed(error)
            }
        }
    }

    // MARK: Events

    private func handle(_ event: UplinkEvent) async -> EdgeNodeSession.Action {
        switch event {
        case .connected(let facts):
            await number.markUsed()
            self.facts = facts
            forget()
            parts.gauge.connected(at: parts.wallClock.now)
            let action = session.connected()
            parts.gauge.waits(forHost: session.isWaitingForHost ? destination.sparkplug?.primaryHost : nil)
            return action
        case .disconnected(let error):
            parts.gauge.disconnected(error, at: parts.wallClock.now)
            session.disconnected()
            forget()
            return .none
        case .acknowledged(let token):
            parts.gauge.acknowledged(at: parts.wallClock.now)
            settled(token)
            return .none
        case .refused(let token, let refusal):
            // The number of the message is gone, so the hosts have to begin anew (field rule P74).
            parts.gauge.refused(refusal, topic: nil, at: parts.wallClock.now)
            settled(token)
            return session.heard(.rebirth)
        case .received(let message): return heard(message)
        }
    }

    private func heard(_ message: IncomingMessage) -> EdgeNodeSession.Action {
        guard let input = parts.dialect.understand(message) else {
            Logger.current.debug(
                "A message is no command for this node, or was kept by the broker",
                metadata: ["mqtt.topic": "\(message.topic)"])
            return .none
        }
        if case .write(let metric) = input {
            Logger.current.warning(
                "A host wants to write; Koppel only reads",
                metadata: ["destination": "\(destination.id)", "sparkplug.metric": "\(metric)"])
        }
        return session.heard(input)
    }

    private func settled(_ token: DeliveryToken) {
        guard let lane = open.removeValue(forKey: token) else { return }
        switch lane {
        case nil: return
        case .live: live.settled(token, at: now)
        case .history: history.settled(token, at: now)
        }
    }

    /// Nothing that was on its way counts.
    private func forget() {
        open.removeAll()
        unborn = []
        known = [:]
        accounts.removeAll()
        live.reset()
        history.reset()
        node = nil
    }

    // MARK: Waiting

    /// Until something happens, something is stored, or something is due.
    private func waitForNews() async {
        let due = nextDue()
        let isListening = session.mayTell && hasRoom
        let (mailbox, journal, clock, position) = (mailbox, parts.journal, service.clock, live.position)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await mailbox.wait() }
            if let due {
                group.addTask {
                    do { try await clock.sleep(for: max(.milliseconds(1), due)) } catch { return }
                }
            }
            if isListening { group.addTask { await journal.waitForRecords(after: position) } }
            await group.next()
            group.cancelAll()
        }
    }

    /// How long nothing has to be done by itself; `nil` while there is no connection.
    private func nextDue() -> Duration? {
        guard session.isConnected else { return nil }
        if let wait = session.waitForBirth(now: now) { return wait }
        guard session.mayTell else { return nil }
        var due = min(.seconds(1), lag / 2, nextStatus - now)
        if history.isBehind, hasRoom { due = min(due, bucket.wait(now: now)) }
        return due
    }

    private func journalFailed(_ error: any Error) async {
        guard !(error is CancellationError) else { return }
        if (error as? JournalError)?.kind == .corrupt { parts.journalIsDamaged() }
        Logger.current.error(
            "The journal cannot be read for a destination; trying again in 5 s",
            metadata: ["destination": "\(destination.id)", "error": "\(error)"])
        // A cancelled sleep means that the loop ends.
        guard (try? await service.clock.sleep(for: .seconds(5))) != nil else { return }
    }
}
