internal import KoppelCore

/// The state of one destination's connection as both lanes see it: connected or not, the window, and what is in
/// flight.
///
/// A *generation* is one connection, from 1. Everything a lane does names the generation it belongs to, so that what
/// was meant for a broken connection can never count for the next one.
actor DeliverySession {
    /// Who asks for a place in the window.
    enum Lane { case live, history }

    /// What a task waits for. Each also ends with the connection, and a task woken for nothing just waits again.
    private enum Change { case connection, window, historyRun, cursor, liveRefusal, settling }

    private struct Waiter {
        let id: UInt64
        let change: Change
        let continuation: CheckedContinuation<Void, Never>
    }

    /// What became of a place in the window that was asked for.
    enum Place: Hashable { case taken, gone, at(Duration) }

    /// What the broker refused.
    enum Refused {
        case history(HistoryItem)
        /// A latest value, a descriptor or the status, on this topic; true if such a code is news.
        case live(topic: String, isNews: Bool)
    }

    private struct Sent {
        let item: HistoryItem
        let bytes: Int
        let at: Duration
    }

    private let window: Int
    private let now: @Sendable () -> Duration
    private var generation: UInt64 = 0
    private var isConnected = false
    private var facts = ConnectionFacts()
    private(set) var historyRun: UInt64 = 0
    private(set) var learnedMaximumPayload: Int?
    private var holdsHistory = false
    private var inFlight = 0
    private var ledger = DeliveryLedger()
    /// The topic of each.
    private var liveTokens: [DeliveryToken: String] = [:]
    private var historyTokens: [DeliveryToken: Sent] = [:]
    private var pace: ReplayPace
    /// Codes that were told, at most 256.
    private var toldRefusals: Set<UInt8> = []
    private var hasRefusedLive = false
    /// Live messages that were refused, on whatever connection.
    private(set) var liveRefusals = 0
    /// Refused before the sender was told the token, with the code.
    private var earlyRefusals: [DeliveryToken: Refusal] = [:]
    /// How often history began again after a refusal without a step forward in between.
    private var vainRestarts = 0
    /// Readings passed over, and at how many it is said again. One entry a machine.
    private var undeliverable: [MachineNumber: (readings: Int, sayAt: Int)] = [:]
    private var pendingCursor: JournalPosition?
    private var waiters: [Waiter] = []
    private var nextWaiter: UInt64 = 0

    /// - Parameters:
    ///   - window: The most messages in flight.
    ///   - limit: Bytes of history per second; `nil` without a limit.
    ///   - now: The time since any one moment.
    init(window: Int, limit: Int? = nil, now: @escaping @Sendable () -> Duration = { .zero }) {
        self.window = max(1, window)
        self.now = now
        pace = ReplayPace(limit: limit)
    }

    // MARK: Connection

    func connected(_ facts: ConnectionFacts) {
        generation += 1
        isConnected = true
        self.facts = facts
        forgetInFlight()
        wakeAll()
    }

    func disconnected() {
        isConnected = false
        forgetInFlight()
        wakeAll()
    }

    /// Waits for a connection; `nil` if the task was cancelled.
    func waitUntilConnected() async -> (generation: UInt64, facts: ConnectionFacts)? {
        while !Task.isCancelled {
            if isConnected { return (generation, facts) }
            await wait(for: .connection)
        }
        return nil
    }

    /// Waits until this connection is gone or the task is cancelled.
    func waitUntilGone(_ generation: UInt64) async {
        while isCurrent(generation), !Task.isCancelled { await wait(for: .connection) }
    }

    func isCurrent(_ generation: UInt64) -> Bool { isConnected && self.generation == generation }

    private func forgetInFlight() {
        inFlight = 0
        ledger.reset()
        liveTokens.removeAll()
        historyTokens.removeAll()
        earlyRefusals.removeAll()
        pace.disconnected()
        hasRefusedLive = false
    }

    // MARK: Window

    /// Takes a place in the window for a message of so many bytes, waiting for one if need be. History that has to
    /// keep to its pace is told when to ask again.
    ///
    /// A quarter of the window, at least one place, is for live values alone, so that a backlog never delays them.
    func takePlace(_ lane: Lane, bytes: Int = 0, generation: UInt64) async -> Place {
        while isCurrent(generation), !Task.isCancelled {
            if inFlight < limit(of: lane) {
                switch lane == .live ? .now : pace.ask(bytes, at: now()) {
                case .now:
                    inFlight += 1
                    return .taken
                case .at(let moment): return .at(moment)
                case .afterAcknowledgement: break
                }
            }
            await wait(for: .window)
        }
        return .gone
    }

    /// How long it is until then.
    func time(until moment: Duration) -> Duration { max(.zero, moment - now()) }

    private func limit(of lane: Lane) -> Int {
        let total = max(1, min(window, facts.receiveMaximum ?? window))
        switch lane {
        case .live: return total
        case .history: return max(1, total - max(1, total / 4))
        }
    }

    /// A place that was taken and not used.
    func returnPlace(_ lane: Lane, bytes: Int, generation: UInt64) {
        guard isCurrent(generation) else { return }
        if lane == .history { pace.returned(bytes) }
        release()
    }

    private func release() {
        inFlight = max(0, inFlight - 1)
        wake(.window)
    }

    // MARK: Hand-over

    /// Opens a stretch; `nil` if history has begun again meanwhile, or on another connection. A stretch of the older
    /// run would stand in the ledger without those before it, and its acknowledgements would move the cursor over them.
    func openStretch(end: JournalPosition, messages: Int, run: UInt64, generation: UInt64) -> UInt64? {
        guard historyRun == run, isCurrent(generation) else { return nil }
        let (number, cursor) = ledger.open(end: end, messages: messages)
        note(cursor)
        return number
    }

    /// Waits until every message of a stretch is settled, and everything before it; false if the connection is gone,
    /// history began again or the task was cancelled.
    func waitUntilSettled(_ stretch: UInt64, run: UInt64, generation: UInt64) async -> Bool {
        while historyRun == run, isCurrent(generation), !Task.isCancelled {
            if !ledger.holds(stretch) { return true }
            await wait(for: .settling)
        }
        return false
    }

    /// A batch was split: one more message is made of the stretch than was said.
    func grow(_ stretch: UInt64) { ledger.grow(stretch) }

    /// - Returns: The refusal, if the broker's answer came before this call.
    func handedOver(
        _ token: DeliveryToken, of stretch: UInt64, item: HistoryItem, bytes: Int = 0, generation: UInt64
    ) -> Refusal? {
        guard isCurrent(generation) else { return nil }
        note(ledger.handedOver(token, of: stretch))
        if let refusal = earlyRefusals.removeValue(forKey: token) {
            historyTokens[token] = Sent(item: item, bytes: bytes, at: now())
            return refusal
        }
        if ledger.isOpen(token) {
            historyTokens[token] = Sent(item: item, bytes: bytes, at: now())
        } else {
            pace.returned(bytes)  // acknowledged before this call
        }
        return nil
    }

    /// - Returns: The refusal, if the broker's answer came before this call.
    func handedOverLive(_ token: DeliveryToken, topic: String, generation: UInt64) -> (Refusal, Refused)? {
        guard isCurrent(generation) else { return nil }
        if let refusal = earlyRefusals.removeValue(forKey: token) { return (refusal, refusedLive(topic, refusal)) }
        if !ledger.forgetEarly(token) { liveTokens[token] = topic }
        return nil
    }
    /// A message of the stretch never left: it was set aside before the hand-over.
    func setAside(of stretch: UInt64, generation: UInt64) {
        guard isCurrent(generation) else { return }
        note(ledger.settledOne(of: stretch))
    }

    /// Counts readings that no message can hold.
    ///
    /// - Returns: All of the machine so far, if it is time to say so.
    func countUndeliverable(_ readings: Int, of machine: MachineNumber) -> Int? {
        var count = undeliverable[machine] ?? (0, 0)
        count.readings += readings
        defer { undeliverable[machine] = count }
        guard count.readings >= count.sayAt else { return nil }
        count.sayAt = count.readings * 2
        return count.readings
    }

    /// The broker took a message over.
    func acknowledged(_ token: DeliveryToken) {
        if let sent = historyTokens.removeValue(forKey: token) {
            let now = now()
            pace.acknowledged(sent.bytes, took: now - sent.at, at: now)
        }
        release()
        guard liveTokens.removeValue(forKey: token) == nil else { return }
        note(ledger.settled(token))
    }

    /// The broker refused a message: its place is free, and its stretch stays open until ``acknowledged(_:)`` or
    /// ``restartHistory()`` says what became of it.
    ///
    /// - Returns: What it was; `nil` if it is from before a restart, or not noted yet. In the last case noting it gives
    ///   the refusal.
    func refused(_ token: DeliveryToken, _ refusal: Refusal) -> Refused? {
        defer { release() }
        if let topic = liveTokens.removeValue(forKey: token) { return refusedLive(topic, refusal) }
        if let item = takeRefused(token) { return .history(item) }
        earlyRefusals[token] = refusal
        return nil
    }

    /// What a message of history was made of whose refusal came before it was noted.
    func takeRefused(_ token: DeliveryToken) -> HistoryItem? {
        guard let sent = historyTokens.removeValue(forKey: token) else { return nil }
        pace.returned(sent.bytes)
        return sent.item
    }

    private func refusedLive(_ topic: String, _ refusal: Refusal) -> Refused {
        liveRefusals += 1
        if refusal.mayPass {
            hasRefusedLive = true
            wake(.liveRefusal)
        }
        return .live(topic: topic, isNews: toldRefusals.insert(refusal.reasonCode).inserted)
    }

    /// Whether any of these live messages waits for its acknowledgement on this connection.
    func isAnyOpen(_ tokens: [DeliveryToken], generation: UInt64) -> Bool {
        isCurrent(generation) && tokens.contains { liveTokens[$0] != nil }
    }

    /// Waits until the broker refused a live message for now; false if the connection is gone or the task cancelled.
    func waitForRefusedLive(_ generation: UInt64) async -> Bool {
        while isCurrent(generation), !Task.isCancelled {
            if hasRefusedLive {
                hasRefusedLive = false
                return true
            }
            await wait(for: .liveRefusal)
        }
        return false
    }

    /// Counts a refusal that may pass; the number of those since the cursor moved last.
    func countVainRestart() -> Int {
        vainRestarts += 1
        return vainRestarts
    }

    /// A refused message was put in quarantine, and what is behind it moves on.
    func settledByQuarantine(_ token: DeliveryToken) { note(ledger.settled(token)) }

    /// Notes that the broker takes at most so many bytes of payload, from a message it refused for its size.
    func learn(maximumPayload: Int) {
        learnedMaximumPayload = max(1, min(maximumPayload, learnedMaximumPayload ?? .max))
    }

    /// Asks the history lane to rest a while before it begins again.
    func holdHistory() { holdsHistory = true }

    /// Whether to rest; asking clears it.
    func takeHold() -> Bool {
        defer { holdsHistory = false }
        return holdsHistory
    }

    /// Lets the history lane begin again at the cursor, on the same connection.
    func restartHistory() {
        ledger.reset()
        for sent in historyTokens.values { pace.returned(sent.bytes) }
        historyTokens.removeAll()
        earlyRefusals.removeAll()
        historyRun += 1
        wake(.historyRun)
        wake(.settling)
    }

    /// Waits until history has to begin again, or the connection is gone or the task cancelled.
    func waitUntilRestart(after run: UInt64, generation: UInt64) async {
        while historyRun == run, isCurrent(generation), !Task.isCancelled { await wait(for: .historyRun) }
    }

    // MARK: Cursor

    private func note(_ cursor: JournalPosition?) {
        guard let cursor else { return }
        vainRestarts = 0
        pendingCursor = cursor
        wake(.cursor)
        wake(.settling)
    }

    /// Waits until there is a cursor that was not fetched yet; false if the task was cancelled.
    func waitForCursor() async -> Bool {
        while !Task.isCancelled {
            if pendingCursor != nil { return true }
            await wait(for: .cursor)
        }
        return false
    }

    /// The newest cursor that was not fetched yet; `nil` if there is none.
    func takeCursor() -> JournalPosition? {
        defer { pendingCursor = nil }
        return pendingCursor
    }

    // MARK: Waiting

    /// At most a handful of tasks of one destination wait at a time.
    private func wait(for change: Change) async {
        let id = nextWaiter
        nextWaiter += 1
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if Task.isCancelled { return continuation.resume() }
                waiters.append(Waiter(id: id, change: change, continuation: continuation))
            }
        } onCancel: {
            Task { await self.wake(id) }  // the handler cannot wait for the actor, and the task ends at once
        }
    }

    private func wake(_ id: UInt64) { wake { $0.id == id } }

    private func wake(_ change: Change) { wake { $0.change == change } }

    private func wakeAll() { wake { _ in true } }

    private func wake(where isMeant: (Waiter) -> Bool) {
        while let index = waiters.firstIndex(where: isMeant) { waiters.remove(at: index).continuation.resume() }
    }
}
