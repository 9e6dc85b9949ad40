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
/// and after every answer before it is believed; ``StaleAnswers`` makes late ones recognisable.
struct RTUConversation {
    /// When as many bytes as the answer needs are there, none fits, and the line has been quiet this long, the wait
    /// ends before the deadline. USB adapters pause up to 16 ms inside a frame.
    static let quietAfterBadFrame = Duration.milliseconds(50)
    /// A line on which no silence is found in this time is in use by somebody else.
    static let babbleLimit = Duration.seconds(1)

    private let line: SerialLine
    private var buffer: ReceiveBuffer
    private var stale = StaleAnswers()
    private var lastByte = ContinuousClock.now
    private var last: (request: ReadRequest, asked: Int, timeout: Duration)?

    init(line: SerialLine, tap: (any FrameTap)?) {
        self.line = line
        buffer = ReceiveBuffer(tap: tap)
    }

    /// The port was opened. What it did before is unknown, so the first request waits for silence too.
    mutating func begin() {
        buffer.discardAll()
        lastByte = .now
    }

    /// Asks, and returns the answer to exactly this question.
    mutating func exchange(
        _ request: ReadRequest, over wire: some RTUWire, descriptor: Int32, timeout: Duration, pause: Duration
    ) throws(LinkFault) -> Exchange {
        let first = try ask(request, over: wire, on: descriptor, timeout: timeout, pause: pause)
        guard first.isForWiderQuestion, case .exception(let exception) = first.exchange.outcome,
            exception.code == 2 || exception.code == 3
        else { return first.exchange }
        // The register beyond the question does not exist: ask for exactly what is wanted, once it is safe.
        stale.cannotWiden(request)
        return try ask(request, over: wire, on: descriptor, timeout: timeout, pause: pause).exchange
    }

    private mutating func ask(
        _ request: ReadRequest, over wire: some RTUWire, on descriptor: Int32, timeout: Duration, pause: Duration
    ) throws(LinkFault) -> (exchange: Exchange, isForWiderQuestion: Bool) {
        try silence(max(line.frameSilence, pause, silenceAgainstDoubles(request)), on: descriptor)
        let asked: Int
        switch stale.advice(for: request, at: .now) {
        case .asIs: asked = Int(request.count)
        case .widened(let count): asked = count
        case .asIsAfter(let moment):
            asked = Int(request.count)
            while try Waiting.readable(descriptor, until: moment) {
                if try buffer.read(from: descriptor) > 0 { lastByte = .now }
                buffer.discardAll()
            }
            try silence(line.frameSilence, on: descriptor)
        }
        last = (request, asked, timeout)
        let sent = ContinuousClock.now
        do throws(LinkFault) {
            try wire.send(RequestPDU(request, count: asked), unit: request.unit)
            let (outcome, received) = try answer(to: request, asked: asked, on: descriptor, until: sent + timeout)
            return (Exchange(outcome: outcome, sent: sent, received: received), asked != Int(request.count))
        } catch {
            // Whatever came instead, the answer to this question may still follow.
            stale.unanswered(request, asked: asked, timeout: timeout, at: .now)
            throw error
        }
    }

    /// The silence before a question whose answer would look just like the one before (R08).
    ///
    /// An answer that comes twice is heard as long as nothing new was asked, and taken for the answer to the next
    /// question of the same shape once it was. So the line is listened to for as long as the double takes, and 10 ms for
    /// the adapter to hand it over. Another register, the same length, the same unit: everything else needs no guard.
    private func silenceAgainstDoubles(_ request: ReadRequest) -> Duration {
        guard let last, last.request != request, last.request.unit == request.unit,
            last.request.table == request.table, last.asked == Int(request.count)
        else { return .zero }
        let length = RTU.minimumFrameLength + AnswerPDU.dataLength(request.table, count: last.asked)
        return line.characterTime * length + .milliseconds(10)
    }

    /// Waits until the line has been silent for this long since the last byte, and forgets what came before.
    private mutating func silence(_ needed: Duration, on descriptor: Int32) throws(LinkFault) {
        let limit = ContinuousClock.now + Self.babbleLimit + needed
        buffer.discardAll()
        // It looks at least once, so what came while nobody looked counts from now.
        while try Waiting.readable(descriptor, until: lastByte + needed) {
            if try buffer.read(from: descriptor) > 0 { lastByte = .now }
            guard lastByte < limit else { throw .bad(.checksum) }
        }
        if !buffer.isEmpty { lookForStrayAnswer() }
        buffer.discardAll()
    }

    /// An answer that nobody asked for: the one before may have been a double, and this the true one (R08).
    private mutating func lookForStrayAnswer() {
        guard let last else { return }
        let found = buffer.withBytes {
            RTU.findAnswer(in: $0, unit: last.request.unit, table: last.request.table, asked: last.asked)
        }
        if found != nil { stale.unanswered(last.request, asked: last.asked, timeout: last.timeout, at: .now) }
    }

    private mutating func answer(
        to request: ReadRequest, asked: Int, on descriptor: Int32, until deadline: ContinuousClock.Instant
    ) throws(LinkFault) -> (ReadOutcome, ContinuousClock.Instant) {
        let wholeLength = RTU.minimumFrameLength + AnswerPDU.dataLength(request.table, count: asked)
        while true {
            let hasEnough = buffer.count >= wholeLength
            let limit = hasEnough ? min(deadline, lastByte + Self.quietAfterBadFrame) : deadline
            guard try Waiting.readable(descriptor, until: limit) else { throw refusal(to: request) }
            guard try buffer.read(from: descriptor) > 0 else { continue }
            lastByte = .now
            let found = buffer.withBytes {
                RTU.findAnswer(in: $0, unit: request.unit, table: request.table, asked: asked)
            }
            guard let found else { continue }
            let received = lastByte
            try confirm(found, of: request, on: descriptor)
            let pdu = found.lowerBound + 1..<found.upperBound - 2
            switch buffer.withBytes({ AnswerPDU($0.extracting(pdu), to: request, asked: asked) }) {
            case .outcome(let outcome): return (outcome, received)
            case .refused(let reason): throw .bad(reason)
            }
        }
    }

    /// Sees that the answer is the last thing on the line: two answers in a row are one old and one new, and which
    /// is which cannot be told. The silence is due before the next request anyway.
    private mutating func confirm(_ found: Range<Int>, of request: ReadRequest, on descriptor: Int32) throws(LinkFault)
    {
        let limit = lastByte + Self.babbleLimit
        while try Waiting.readable(descriptor, until: lastByte + line.frameSilence), lastByte < limit {
            if try buffer.read(from: descriptor) > 0 { lastByte = .now }
            guard buffer.count < ReceiveBuffer.capacity / 2 else { throw .bad(.length) }
        }
        let isDoubtful = buffer.withBytes {
            RTU.mayBeAnotherAnswer($0.extracting(droppingFirst: found.upperBound), unit: request.unit)
        }
        if isDoubtful { throw .bad(.length) }
    }

    private func refusal(to request: ReadRequest) -> LinkFault {
        let reason = buffer.withBytes { RTU.diagnose($0, unit: request.unit, table: request.table) }
        return reason.map { .bad($0) } ?? .timeout
    }
}
