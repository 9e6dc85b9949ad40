internal import CLibmosquitto
internal import CLinuxShims
internal import Glibc
package import KoppelCore
internal import KoppelExecutor

/// Listens to one topic filter as a hub would: QoS 1, and a session that the broker keeps while the connection is
/// broken, so that what is published meanwhile still comes.
///
/// It is asked for what came, and reads from the socket only then. So a receiver that is slow holds up the broker and
/// not its own memory: at most what ``ConnectionInbox`` holds waits here.
///
/// It speaks MQTT 3.1.1, whose session lasts until it is ended; with ``end()`` the broker forgets it.
package actor BrokerListener {
    /// What came since the last call.
    package struct Received: Sendable {
        package var messages: [IncomingMessage] = []
        /// Messages there was no room for.
        package var lost = 0
    }

    private nonisolated let thread: ThreadExecutor
    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe thread.asUnownedSerialExecutor() }

    private let settings: DestinationSettings
    private let filter: String
    private let timing: MQTTTiming
    private let secrets: SecretReader
    private let diagnosis: UplinkDiagnosis
    private let dialler: ConnectionDialler
    private var handle: MosquittoHandle?
    private var lastHeard = ContinuousClock.now

    /// - Parameters:
    ///   - settings: Where the broker is and who we are to it; the protocol version is not looked at.
    ///   - filter: What to listen to.
    ///   - timing: How long to wait for what.
    ///   - secrets: Fetches the password and checks the key, at each connect.
    package init(
        settings: DestinationSettings, filter: String, timing: MQTTTiming = MQTTTiming(),
        secrets: SecretReader = SecretReader()
    ) {
        var settings = settings
        settings.version = .mqtt311
        thread = ThreadExecutor(name: "listen")
        diagnosis = UplinkDiagnosis(settings, timing: timing, purpose: .listening)
        self.settings = settings
        self.filter = filter
        self.timing = timing
        self.secrets = secrets
        dialler = ConnectionDialler(
            settings: settings, timing: timing, secrets: secrets, diagnosis: diagnosis, keepsSession: true)
    }

    /// Connects and subscribes, in place of a connection there was.
    ///
    /// - Returns: True if the broker has kept the session of the connection before, and with it what was published since.
    /// - Throws: Why there is no connection, or why the broker does not want to tell what is published on the filter.
    package func connect() async throws(UplinkError) -> Bool {
        handle = nil
        let connected = try await dialler.dial(will: nil, until: .now + timing.connectTimeout)
        guard let fresh = connected.take() else { throw diagnosis.noAnswer() }
        handle = consume fresh
        lastHeard = .now
        let deadline = ContinuousClock.now + timing.connectTimeout
        try wait(until: deadline) { if case .connectAnswer(code: 0, _, _) = $0 { true } else { false } }
        // A kept session has its subscription, too.
        if handle?.hasKeptSession == true { return true }
        guard let (asked, packet) = handle?.subscribe(filter, qos: 1), asked.isGood else {
            throw diagnosis.error(
                .protocolViolation, "'\(filter)' is no topic filter",
                "Write one as kpl/v1/# or kpl/v1/acme/+/press/_batch.")
        }
        var granted: Int32 = 0x80
        try wait(until: deadline) { item in
            guard case .subscribed(Int32(packet), let code) = item else { return false }
            granted = code
            return true
        }
        guard granted < 0x80 else {
            throw diagnosis.error(
                .notAuthorised(code: 0x87), "the broker does not let us listen to '\(filter)'",
                "Check user and password, and the broker's access rules.")
        }
        return false
    }

    /// What came; waits for the first of it, and returns with nothing when the time is up or the task is cancelled.
    ///
    /// - Throws: Why the connection is gone; ``connect()`` makes the next one.
    package func messages(within limit: Duration) throws(UplinkError) -> Received {
        let deadline = ContinuousClock.now + limit
        repeat {
            try turn(until: deadline)
            for item in handle?.takeItems() ?? [] { try check(item) }
            if let (messages, lost) = handle?.takeMessages(), !messages.isEmpty || lost > 0 {
                return Received(messages: messages, lost: lost)
            }
        } while .now < deadline && !Task.isCancelled
        return Received()
    }

    /// Has the broker forget the session and closes the connection. What cannot be done now is left undone: brokers
    /// forget a session that nobody comes back to.
    package func end() async {
        if handle?.disconnect().isGood == true { _ = handle?.write() }
        handle = nil
        let forgetting = ConnectionDialler(
            settings: settings, timing: timing, secrets: secrets, diagnosis: diagnosis, keepsSession: false)
        do throws(UplinkError) {
            handle = try await forgetting.dial(will: nil, until: .now + timing.disconnectTimeout).take()
            try wait(until: .now + timing.disconnectTimeout) { if case .connectAnswer = $0 { true } else { false } }
        } catch {
            // See above.
            return handle = nil
        }
        if handle?.disconnect().isGood == true { _ = handle?.write() }
        handle = nil
    }

    // MARK: The loop

    private func wait(
        until deadline: ContinuousClock.Instant, for isIt: (ConnectionInbox.Item) -> Bool
    ) throws(UplinkError) {
        while .now < deadline {
            try turn(until: deadline)
            var isThere = false
            for item in handle?.takeItems() ?? [] {
                try check(item)
                if isIt(item) { isThere = true }
            }
            if isThere { return }
        }
        throw diagnosis.noAnswer()
    }

    /// Reads and writes what is ready, after waiting for it for a quarter of a second at most.
    private func turn(until deadline: ContinuousClock.Instant) throws(UplinkError) {
        guard let socket = handle?.socket, socket != -1 else {
            throw diagnosis.error(.notConnected, "there is no connection at this moment", "")
        }
        // During a TLS handshake the library always wants to write, and moves on only by reading.
        let pause = min(.milliseconds(settings.tls == nil ? 250 : 50), ContinuousClock.now.duration(to: deadline))
        let ready = koppel_poll2(
            -1, socket, settings.tls == nil && handle?.wantsWrite == true ? 1 : 0, max(0, pause.wholeNanoseconds))
        if ready & 10 != 0 { lastHeard = .now }
        if ready & 10 != 0 || settings.tls != nil { try go(handle?.read()) }
        try go(handle?.write())
        try go(handle?.misc())
        guard ContinuousClock.now - lastHeard <= settings.keepalive * 3 / 2 else {
            throw diagnosis.silent(for: settings.keepalive * 3 / 2)
        }
    }

    private func go(_ result: MosquittoHandle.Result?) throws(UplinkError) {
        guard let result, result.isGood else {
            // The reason the broker gave comes through the inbox, and says more than the code of the call.
            for item in handle?.takeItems() ?? [] { try check(item) }
            throw diagnosis.failed(
                result ?? MosquittoHandle.Result(code: MOSQ_ERR_NO_CONN.rawValue), complaints: handle?.complaints ?? [],
                accepted: true, refusal: handle?.certificateRefusal)
        }
    }

    private func check(_ item: ConnectionInbox.Item) throws(UplinkError) {
        switch item {
        case .connectAnswer(let code, _, _) where code != 0: throw diagnosis.refused(code, version: .mqtt311)
        case .closed(let code) where code >= 0x80: throw diagnosis.ended(code)
        case .connectAnswer, .closed, .subscribed, .acknowledged: return
        }
    }
}
