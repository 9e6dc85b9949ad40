internal import Glibc
internal import KoppelCore

/// What carries RTU frames: a serial port, or the socket of a serial device server.
protocol RTUWire: AnyObject {
    /// Frames and sends a question.
    func send(_ pdu: RequestPDU, unit: UnitID) throws(LinkFault)
}

/// Asking and being answered in RTU frames, on whatever carries them: reading is by what an answer must look like and
/// never by where a piece of the stream begins (field rule P19).
///
/// The library keeps no silence between frames, does not find an answer behind noise, and takes a late or double
/// answer for the next one (faults R04, R07, R08). Here the line is silent for 3.5 characters before every request
/// and after every answer before it is believed, both counted from the last byte, so that it is one silence;
/// ``StaleAnswers`` makes late answers recognisable, ``RecentAnswers`` doubles.
struct RTUConversation {
    /// When as many bytes as the answer needs are there, none fits, and the line has been quiet this long, the wait
    /// ends before the deadline. USB adapters pause up to 16 ms inside a frame.
    static let quietAfterBadFrame = Duration.milliseconds(50)
    /// A line on which no silence is found in this time is in use by somebody else.
    static let babbleLimit = Duration.seconds(1)
    /// What an adapter may take to hand received bytes over.
    static let adapterDelay = Duration.milliseconds(10)

    /// What becomes of a question that has to wait until a late answer to an earlier one must have passed.
    enum Patience {
        /// The line is left silent meanwhile, as suits a tool that asks one thing at a time.
        case waits
        /// It fails at once if it would take longer than its timeout, so that the line is free for other units.
        case yields
    }

    private let line: SerialLine
    /// The longest that an answer may take as configured. The timeout of one question is mostly shorter.
    private let longest: Duration
    private let patience: Patience
    private var buffer: ReceiveBuffer
    private var stale = StaleAnswers()
    private var recent = RecentAnswers()
    private var lastByte = ContinuousClock.now
    private var last: (request: ReadRequest, asked: Int, timeout: Duration)?
    private var sentFrame = InlineArray<8, UInt8>(repeating: 0)
    private(set) var counters = LinkCounters()

    /// An answer and what tells it from others.
    private struct Found {
        let exchange: Exchange
        let asked: Int
        let print: UInt64
    }

    init(line: SerialLine, longest: Duration, patience: Patience, tap: (any FrameTap)?) {
        self.line = line
        self.longest = longest
        self.patience = patience
        buffer = ReceiveBuffer(tap: tap)
    }

    /// The port was opened. What it did before is unknown, so the first request waits for silence too.
    mutating func begin() {
        buffer.discardAll()
        lastByte = .now
        counters.openings += 1
    }

    /// Reads what came while nothing was asked.
    mutating func overhear(on descriptor: Int32) throws(LinkFault) {
        if try buffer.read(from: descriptor) > 0 { lastByte = .now }
        if buffer.count >= ReceiveBuffer.capacity / 2 { forget() }
    }

    /// Asks, and returns the answer to exactly this question.
    mutating func exchange(
        _ request: ReadRequest, over wire: some RTUWire, descriptor: Int32, timeout: Duration, pause: Duration
    ) throws(LinkFault) -> Exchange {
        var found = try ask(request, over: wire, on: descriptor, timeout: timeout, pause: pause)
        if found.asked != Int(request.count), case .exception(let exception) = found.exchange.outcome,
            exception.code == 2 || exception.code == 3
        {
            // The register beyond the question does not exist: ask for exactly what is wanted, once it is safe.
            stale.cannotWiden(request)
            found = try ask(request, over: wire, on: descriptor, timeout: timeout, pause: pause)
        }
        if recent.isInDoubt(found.print, for: request, at: .now) {
            try listen(after: found, to: request, on: descriptor, timeout: timeout)
            let again = try ask(request, over: wire, on: descriptor, timeout: timeout, pause: pause)
            if again.print != found.print {
                // The first was no answer to this question, so one more may be on its way.
                stale.unanswered(request, asked: again.asked, timeout: timeout, at: .now)
                caught(request.unit)
            }
            found = again
        }
        recent.took(found.print, for: request)
        counters.answers += 1
        return found.exchange
    }

    /// The answer equals an earlier one: if that one came twice, the true answer follows now (R08). It gets the time
    /// this one took, its own length, and what an adapter takes.
    private mutating func listen(
        after found: Found, to request: ReadRequest, on descriptor: Int32, timeout: Duration
    ) throws(LinkFault) {
        let length = RTU.minimumFrameLength + AnswerPDU.dataLength(request.table, count: found.asked)
        let took = found.exchange.received - found.exchange.sent
        let end = min(
            found.exchange.sent + timeout,
            found.exchange.received + took + line.characterTime * length + Self.adapterDelay)
        while try Waiting.readable(descriptor, until: end) {
            guard try buffer.read(from: descriptor) > 0 else { continue }
            lastByte = .now
            let another = buffer.withBytes {
                RTU.findAnswer(in: $0, unit: request.unit, table: request.table, asked: found.asked)
            }
            guard another != nil else { continue }
            forget()
            throw .bad(.several)
        }
    }

    private mutating func ask(
        _ request: ReadRequest, over wire: some RTUWire, on descriptor: Int32, timeout: Duration, pause: Duration
    ) throws(LinkFault) -> Found {
        try silence(max(line.frameSilence, pause), on: descriptor)
        let asked: Int
        switch stale.advice(for: request, at: .now) {
        case .asIs: asked = Int(request.count)
        case .widened(let count): asked = count
        case .asIsAfter(let moment):
            guard patience == .waits || moment <= .now + timeout else { throw LinkFault(.answerOutstanding) }
            asked = Int(request.count)
            while try Waiting.readable(descriptor, until: moment) {
                try overhear(on: descriptor)
                // What comes now is what is waited for, so it is no reason to wait again.
                note(buffer.count)
                buffer.discardAll()
            }
            try silence(line.frameSilence, on: descriptor)
        }
        last = (request, asked, timeout)
        let pdu = RequestPDU(request, count: asked)
        sentFrame = RTU.frame(pdu, unit: request.unit)
        counters.questions += 1
        let sent = ContinuousClock.now
        do throws(LinkFault) {
            try wire.send(pdu, unit: request.unit)
            let (outcome, received, print) = try answer(
                to: request, asked: asked, on: descriptor, until: sent + timeout)
            let exchange = Exchange(outcome: outcome, sent: sent, received: received)
            return Found(exchange: exchange, asked: asked, print: print)
        } catch {
            // Whatever came instead, the answer to this question may still follow. If as much came as the answer has,
            // that was it, damaged; if not, it may take as long as an answer of this unit ever may.
            let length = RTU.minimumFrameLength + AnswerPDU.dataLength(request.table, count: asked)
            let expected = buffer.count >= length ? timeout : max(timeout, longest)
            stale.unanswered(request, asked: asked, timeout: expected, at: .now)
            if case .badFrame = error.kind { counters.damaged += 1 }
            forget()
            throw error
        }
    }

    /// Waits until the line has been silent for this long since the last byte, and forgets what came before.
    private mutating func silence(_ needed: Duration, on descriptor: Int32) throws(LinkFault) {
        let limit = ContinuousClock.now + Self.babbleLimit + needed
        // It looks at least once, so what came while nobody looked counts from now.
        while try Waiting.readable(descriptor, until: lastByte + needed) {
            try overhear(on: descriptor)
            guard lastByte < limit else {
                forget()
                throw .bad(.babble)
            }
        }
        forget()
    }

    /// Drops what was received and not taken, after looking for frames in it.
    private mutating func forget() {
        guard !buffer.isEmpty else { return }
        note(buffer.count)
        guard let last else { return buffer.discardAll() }
        // An answer that nobody asked for: the one before may have been a double, and this the true one (R08).
        let stray = buffer.withBytes {
            RTU.findAnswer(in: $0, unit: last.request.unit, table: last.request.table, asked: last.asked)
        }
        if stray != nil {
            stale.unanswered(last.request, asked: last.asked, timeout: last.timeout, at: .now)
            caught(last.request.unit)
        }
        buffer.discardAll()
    }

    private mutating func caught(_ unit: UnitID) { recent.caught(unit, at: .now) }

    /// Counts the frames among the first bytes received.
    private mutating func note(_ length: Int) {
        let frames = buffer.withBytes {
            LineFrames(in: $0.extracting(first: length), last: last?.request, sent: sentFrame.span)
        }
        counters.foreignFrames += UInt64(frames.foreign)
        counters.strayAnswers += UInt64(frames.strayAnswers)
        counters.echoes += UInt64(frames.echoes)
    }

    private mutating func answer(
        to request: ReadRequest, asked: Int, on descriptor: Int32, until deadline: ContinuousClock.Instant
    ) throws(LinkFault) -> (ReadOutcome, ContinuousClock.Instant, UInt64) {
        let wholeLength = RTU.minimumFrameLength + AnswerPDU.dataLength(request.table, count: asked)
        while true {
            let hasEnough = buffer.count >= wholeLength
            let limit = hasEnough ? min(deadline, lastByte + Self.quietAfterBadFrame) : deadline
            guard try Waiting.readable(descriptor, until: limit) else { throw refusal(to: request) }
            guard try buffer.read(from: descriptor) > 0 else { continue }
            lastByte = .now
            removeEcho(of: request, asked: asked)
            let found = buffer.withBytes {
                RTU.findAnswer(in: $0, unit: request.unit, table: request.table, asked: asked)
            }
            guard let found else { continue }
            let received = lastByte
            try confirm(found, of: request, on: descriptor)
            let pdu = found.lowerBound + 1..<found.upperBound - 2
            let (answer, print) = buffer.withBytes {
                (
                    AnswerPDU($0.extracting(pdu), to: request, asked: asked),
                    RecentAnswers.print(of: $0.extracting(found))
                )
            }
            switch answer {
            case .outcome(let outcome):
                note(found.lowerBound)
                buffer.discardAll()
                return (outcome, received, print)
            case .refused(let reason): throw .bad(reason)
            }
        }
    }

    /// Takes our own question out of what is heard: an adapter for two wires may hear itself (R05).
    ///
    /// An answer that happens to begin like the question has more bytes and a checksum that fits, and stays.
    private mutating func removeEcho(of request: ReadRequest, asked: Int) {
        let isEcho = buffer.withBytes { bytes in
            bytes.count >= sentFrame.count && equal(bytes.extracting(first: sentFrame.count), sentFrame.span)
                && RTU.findAnswer(in: bytes, unit: request.unit, table: request.table, asked: asked)?.lowerBound != 0
        }
        guard isEcho else { return }
        counters.echoes += 1
        buffer.discard(sentFrame.count)
    }

    /// Sees that the answer is the last thing on the line: two answers in a row are one old and one new, and which
    /// is which cannot be told. The silence is due before the next request anyway.
    private mutating func confirm(_ found: Range<Int>, of request: ReadRequest, on descriptor: Int32) throws(LinkFault)
    {
        let limit = lastByte + Self.babbleLimit
        while try Waiting.readable(descriptor, until: lastByte + line.frameSilence), lastByte < limit {
            do throws(LinkFault) {
                if try buffer.read(from: descriptor) > 0 { lastByte = .now }
            } catch {
                break  // the end of the connection is not the end of what came before it; the next question finds it
            }
            guard buffer.count < ReceiveBuffer.capacity / 2 else { throw .bad(.babble) }
        }
        let isDoubtful = buffer.withBytes {
            RTU.mayBeAnotherAnswer($0.extracting(droppingFirst: found.upperBound), unit: request.unit)
        }
        if isDoubtful { throw .bad(.several) }
    }

    private func refusal(to request: ReadRequest) -> LinkFault {
        let reason = buffer.withBytes { RTU.diagnose($0, unit: request.unit, table: request.table) }
        guard let reason else { return .timeout }
        let hasReadFrames = counters.answers + counters.foreignFrames + counters.strayAnswers > 0
        // A wrong rate or format looks like this, and so does a line with its wires exchanged (R01).
        return .bad(reason == .checksum && !hasReadFrames ? .unreadable : reason)
    }
}
