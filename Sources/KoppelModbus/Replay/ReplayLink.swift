package import KoppelCore
internal import KoppelExecutor

/// A bus that says what a recorded one said, when it said it: a fault from the field as a test, and the same each
/// time.
///
/// The recorded bytes are judged as on the wire: framing, checksum, transaction id, unit, function and length by the
/// codec of the transports, late answers by ``StaleAnswers``. Only the waiting is its own, since the transports wait
/// for descriptors and a record has none: time passes by being told to, so nothing here takes any.
package actor ReplayLink: ModbusLink {
    /// The time of a replay, which moves only when the replay or its user moves it.
    package struct Time: Sendable {
        package var now: @Sendable () -> Duration
        /// Lets so much time pass.
        package var pass: @Sendable (Duration) -> Void
        package var wall: @Sendable () -> Timestamp

        package init(
            now: @escaping @Sendable () -> Duration, pass: @escaping @Sendable (Duration) -> Void,
            wall: @escaping @Sendable () -> Timestamp
        ) {
            self.now = now
            self.pass = pass
            self.wall = wall
        }
    }

    private nonisolated let thread = ThreadExecutor(name: "replay")
    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe thread.asUnownedSerialExecutor() }
    package nonisolated var executor: any TaskExecutor { thread }

    private let bus: String
    private let framing: Transcript.Framing
    private let time: Time
    private let asksAsRecorded: Bool
    private let origin = ContinuousClock.now
    private var script: ReplayScript
    private var stale = StaleAnswers()
    /// What is still to come, by the time it comes, and what has come and was not used.
    private var pieces: [(at: Duration, bytes: [UInt8])] = []
    private var endsAt: Duration?
    private var received: [UInt8] = []
    private var transaction: UInt16 = 0
    private var unanswered = 0

    /// `asksAsRecorded` is true if the questions are those of the record, which were made wider then where that
    ///   was needed to tell a late answer from the true one, and are not made wider again.
    package init(_ transcript: Transcript, time: Time, asksAsRecorded: Bool = false) {
        bus = transcript.bus
        framing = transcript.framing
        self.time = time
        self.asksAsRecorded = asksAsRecorded
        script = ReplayScript(transcript)
    }

    /// A replay can be opened at any time: whether the bus could be then is in what follows.
    package func open() async throws(BusError) {
        drop()
        endsAt = nil
    }

    package func close() async {}

    package func transact(
        _ request: ReadRequest, timeout: Duration, pause: Duration
    ) async throws(BusError) -> ReadAnswer {
        let begin = time.now()
        do throws(LinkFault) {
            let sent: Duration
            let outcome: ReadOutcome
            switch framing {
            case .tcp:
                time.pass(pause)
                sent = time.now()
                outcome = try askTCP(request, until: sent + timeout)
            case .rtu(let line):
                rest(max(line.frameSilence, pause))
                (outcome, sent) = try askRTU(request, line, timeout)
            }
            let elapsed = time.now() - sent
            return ReadAnswer(
                outcome: outcome, time: time.wall().advanced(by: .zero - elapsed / 2), elapsed: elapsed)
        } catch {
            throw BusError(kind: error.kind, bus: bus, request: request, elapsed: time.now() - begin)
        }
    }

    // MARK: Bytes

    /// Sends, which makes what was recorded after it come.
    private func send(_ pdu: RequestPDU, _ unit: UnitID) {
        let now = time.now()
        transaction &+= 1
        guard let exchange = script.take(pdu, unit: unit) else { return }
        pieces += exchange.pieces.map { (now + $0.after, $0.bytes) }
        pieces.sort { $0.at < $1.at }
        endsAt = exchange.endsAfter.map { now + $0 }
        // The replay numbers its questions as the recorded run did.
        if framing == .tcp { transaction = exchange.transaction }
    }

    /// Lets time pass until something comes; false at the deadline.
    private func waits(until deadline: Duration) throws(LinkFault) -> Bool {
        let due = pieces.first?.at
        if let end = endsAt, end <= deadline, due.map({ end < $0 }) ?? true {
            pass(to: end)
            endsAt = nil
            throw .down(104)  // ECONNRESET, as a socket says it
        }
        guard let due, due <= deadline else {
            pass(to: deadline)
            return false
        }
        pass(to: due)
        received += pieces.removeFirst().bytes
        return true
    }

    private func pass(to moment: Duration) {
        let left = moment - time.now()
        if left > .zero { time.pass(left) }
    }

    private func drop() {
        received = []
        pieces = []
        unanswered = 0
    }

    // MARK: TCP

    private func askTCP(_ request: ReadRequest, until deadline: Duration) throws(LinkFault) -> ReadOutcome {
        // What is there has come uninvited.
        pieces.removeAll { $0.at <= time.now() }
        received = []
        send(RequestPDU(request), request.unit)
        var sawUnknown = false
        while true {
            switch MBAP.scan(received.span) {
            case .incomplete:
                if try waits(until: deadline) { continue }
                unanswered += 1
                let isCut = MBAP.transactionOfPartialFrame(received.span) == transaction
                if unanswered >= TCPSocket.patience || !received.isEmpty { drop() }
                throw isCut ? .bad(.length) : sawUnknown ? .bad(.transaction) : .timeout
            case .broken:
                drop()
                throw .bad(.header)
            case .frame(let frame):
                defer { received.removeFirst(frame.length) }
                guard frame.transaction == transaction else {
                    sawUnknown = sawUnknown || transaction &- frame.transaction > 0x7FFF
                    continue
                }
                unanswered = 0
                guard frame.unit == request.unit.rawValue else { throw .bad(.unit) }
                switch AnswerPDU(received.span.extracting(frame.pdu), to: request) {
                case .outcome(let outcome): return outcome
                case .refused(let reason): throw .bad(reason)
                }
            }
        }
    }

    // MARK: RTU

    /// Waits for silence on the line and forgets what came before.
    private func rest(_ needed: Duration) {
        received = []
        var quietFrom = time.now()
        while let piece = pieces.first, piece.at <= quietFrom + needed {
            quietFrom = max(quietFrom, piece.at)
            pieces.removeFirst()
        }
        pass(to: quietFrom + needed)
    }

    private func askRTU(
        _ request: ReadRequest, _ line: SerialLine, _ timeout: Duration
    ) throws(LinkFault) -> (ReadOutcome, Duration) {
        var asked = Int(request.count)
        switch asksAsRecorded ? .asIs : stale.advice(for: request, at: moment) {
        case .asIs: break
        case .widened(let count): asked = count
        case .asIsAfter(let moment): rest(max(line.frameSilence, self.moment.duration(to: moment)))
        }
        let sent = time.now()
        do throws(LinkFault) {
            send(RequestPDU(request, count: asked), request.unit)
            let outcome = try answerRTU(request, asked, line, until: sent + timeout)
            guard asked != Int(request.count), case .exception(let exception) = outcome,
                [2, 3].contains(exception.code)
            else { return (outcome, sent) }
        } catch {
            stale.unanswered(request, asked: asked, timeout: timeout, at: moment)
            throw error
        }
        stale.cannotWiden(request)
        rest(line.frameSilence)
        return try askRTU(request, line, timeout)
    }

    private func answerRTU(
        _ request: ReadRequest, _ asked: Int, _ line: SerialLine, until deadline: Duration
    ) throws(LinkFault) -> ReadOutcome {
        received = []
        while true {
            let found = RTU.findAnswer(in: received.span, unit: request.unit, table: request.table, asked: asked)
            guard let found else {
                // As the transport does, once as much is there as the answer needs.
                let isEnough =
                    received.count >= RTU.minimumFrameLength + AnswerPDU.dataLength(request.table, count: asked)
                let limit = isEnough ? min(deadline, time.now() + RTUConversation.quietAfterBadFrame) : deadline
                if try waits(until: limit) { continue }
                let reason = RTU.diagnose(received.span, unit: request.unit, table: request.table)
                throw reason.map { .bad($0) } ?? .timeout
            }
            // The answer has to be the last thing on the line, or nobody knows which of two it is.
            while try waits(until: time.now() + line.frameSilence) {}
            if RTU.mayBeAnotherAnswer(received.span.extracting(droppingFirst: found.upperBound), unit: request.unit) {
                throw .bad(.length)
            }
            let pdu = found.lowerBound + 1..<found.upperBound - 2
            switch AnswerPDU(received.span.extracting(pdu), to: request, asked: asked) {
            case .outcome(let outcome): return outcome
            case .refused(let reason): throw .bad(reason)
            }
        }
    }

    /// The time of the replay for ``StaleAnswers``.
    private var moment: ContinuousClock.Instant { origin + time.now() }
}
