package import KoppelCore
internal import KoppelExecutor
internal import Logging

/// The way to one MQTT broker, on libmosquitto, on a thread of its own.
///
/// It drives the library's loop itself and looks at every return code (field rule P69). Each connection gets a new
/// handle; after a disconnect nothing is in flight, and what was not acknowledged has to be published again. A second
/// thread looks up names and connects, since that may hang.
///
/// Bounds: 1,000 messages in flight, a library queue that never holds more than those, two threads, one socket.
package actor MQTTLink: Uplink {
    nonisolated let thread: ThreadExecutor
    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe thread.asUnownedSerialExecutor() }
    package nonisolated var executor: (any TaskExecutor)? { thread }

    let settings: DestinationSettings
    let timing: MQTTTiming
    let diagnosis: UplinkDiagnosis
    private let dialler: ConnectionDialler
    private let clockOffset: @Sendable () -> Duration
    private var randomness: any RandomNumberGenerator & Sendable

    // The state of the connection, which `MQTTLink+Loop.swift` works on.
    var phase = Phase.idle
    var handle: MosquittoHandle?
    var window: DeliveryWindow
    var facts = ConnectionFacts()
    /// What the present connection is made with.
    var terms = UplinkTerms()
    /// True once the last attempt had a socket, and so may have sent CONNECT.
    var connectWasSent = false
    /// Names the connection; a call of the thread's watch for an older one is stale.
    var generation = 0
    /// When the phase has to be over; only `open` has no such limit.
    var deadline = ContinuousClock.now
    /// Since when the broker accepts us; `nil` if it does not.
    var acceptedAt: ContinuousClock.Instant?
    private var rhythm: DropRhythm
    var nextTick = ContinuousClock.now
    var lastHeard = ContinuousClock.now
    /// One and a half keepalive: the library pings after one, so this much silence means that nobody answers.
    var silenceLimit = Duration.zero
    /// Where the events go while the link runs.
    var onEvent: (@Sendable (UplinkEvent) -> Void)?
    /// Waits for the end of a disconnect in order.
    var closed: CheckedContinuation<Void, Never>?
    /// Tells the task that runs the link what happened on the thread.
    var report: AsyncStream<Step>.Continuation?

    enum Phase {
        /// There is no connection.
        case idle
        /// The other thread looks up the name and connects.
        case dialling
        /// The socket is connected; TLS and the login are under way.
        case opening
        /// The broker accepted us.
        case open
        /// DISCONNECT is on its way.
        case closing
    }

    enum Step: Sendable {
        case dialled(Result<Connected, UplinkError>)
        case accepted
        /// How long the broker accepted us, if it did.
        case lost(UplinkError, lasted: Duration?)
    }

    /// - Parameters:
    ///   - settings: Where the broker is and who we are to it. A keepalive under 5 s counts as 5 s.
    ///   - timing: How long to wait for what.
    ///   - secrets: Fetches the password and checks the key, at each connect.
    ///   - clockOffset: What the wall clock shows less the time since boot. A long pause ends when it changes, since
    ///     certificates that were not yet valid may be so now (fault T10).
    ///   - randomness: For the jitter of the pauses.
    package init(
        settings: DestinationSettings, timing: MQTTTiming = MQTTTiming(), secrets: SecretReader = SecretReader(),
        clockOffset: @escaping @Sendable () -> Duration = { .zero },
        randomness: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()
    ) {
        let diagnosis = UplinkDiagnosis(settings, timing: timing)
        thread = ThreadExecutor(name: "mqtt \(settings.id)")
        dialler = ConnectionDialler(settings: settings, timing: timing, secrets: secrets, diagnosis: diagnosis)
        self.settings = settings
        self.timing = timing
        self.diagnosis = diagnosis
        self.clockOffset = clockOffset
        self.randomness = randomness
        rhythm = DropRhythm(stableAfter: timing.stableAfter)
        window = DeliveryWindow(timeout: timing.acknowledgementTimeout)
    }

    package func run(
        terms: @escaping @Sendable (_ connectWasSent: Bool) async -> UplinkTerms,
        onEvent: @escaping @Sendable (UplinkEvent) -> Void
    ) async throws(UplinkError) {
        precondition(self.onEvent == nil, "a link runs once at a time")
        self.onEvent = onEvent
        defer { self.onEvent = nil }
        var backoff = Backoff(timing)
        var outage = OutageLog()
        connectWasSent = false
        while !Task.isCancelled {
            self.terms = await terms(connectWasSent)
            connectWasSent = false
            guard let (error, lasted) = await connection(outage: &outage) else { break }
            if outage.failed(error.kind) { announceLost(error) }
            let pause = backoff.pause(after: error.recovery, lasted: lasted)
            // Throws only when the task is cancelled, and then the loop ends.
            do { try await rest(jittered(pause, using: &randomness)) } catch { break }
        }
        await closeInOrder()
    }

    /// Waits, but no longer than until the clock on the wall is set.
    private func rest(_ pause: Duration) async throws {
        let end = ContinuousClock.now + pause
        let before = clockOffset()
        while case let left = ContinuousClock.now.duration(to: end), left > .zero {
            try await ContinuousClock().sleep(for: min(left, timing.tick))
            let step = clockOffset() - before
            if step > .seconds(1) || step < .seconds(-1) { return }
        }
    }

    /// One connection, from dialling to its end.
    /// - Returns: Why it ended and how long the broker accepted us; `nil` if the task was cancelled, and then the
    ///   connection may still be open.
    private func connection(
        outage: inout OutageLog
    ) async -> (error: UplinkError, lasted: Duration?)? {
        let (steps, report) = AsyncStream.makeStream(of: Step.self)
        self.report = report
        dial(report: report)
        for await step in steps {
            switch step {
            case .dialled(.success(let connected)):
                connectWasSent = true
                adopt(connected)
            case .dialled(.failure(let error)):
                if phase == .dialling { lose(error) }
            case .accepted:
                announceConnected(after: outage.connected())
            case .lost(let error, let lasted): return (error, lasted)
            }
        }
        return nil
    }

    private func dial(report: AsyncStream<Step>.Continuation) {
        phase = .dialling
        generation += 1
        let deadline = ContinuousClock.now + timing.connectTimeout
        let (dialler, will) = (dialler, terms.will)
        // A task of its own, because a name lookup cannot be ended and nobody may have to wait for it. It ends with
        // the lookup, and what it brings too late is closed unused.
        Task {
            do throws(UplinkError) {
                report.yield(.dialled(.success(try await dialler.dial(will: will, until: deadline))))
            } catch {
                report.yield(.dialled(.failure(error)))
            }
        }
        // The dialler keeps the deadline itself but for the lookup, so it gets a moment to say what went wrong.
        watchForDeadline(deadline + timing.tick)
    }

    /// Tells that the connection is gone, once, and drops the handle with all that is in flight.
    func lose(_ error: UplinkError) {
        guard phase != .idle else { return }
        var error = error
        let lasted = acceptedAt.map { .now - $0 }
        if let times = rhythm.ended(error.kind, lasted: lasted) { error = diagnosis.droppedAgain(times, error) }
        drop()
        onEvent?(.disconnected(error))
        report?.yield(.lost(error, lasted: lasted))
    }

    func drop() {
        thread.watch(nil)
        generation += 1
        phase = .idle
        handle = nil
        acceptedAt = nil
        window.clear()
    }

    private func announceLost(_ error: UplinkError) {
        Logger.current.warning(
            "Uplink lost",
            metadata: ["uplink.destination": "\(settings.id)", "uplink.error": "\(error.description)"])
    }

    private func announceConnected(after failures: Int) {
        Logger.current.notice(
            "Uplink connected",
            metadata: ["uplink.destination": "\(settings.id)", "uplink.failures": "\(failures)"])
    }
}
