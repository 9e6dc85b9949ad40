import KoppelCore
import KoppelModbus
import KoppelTestKit
import Synchronization
import Testing

/// X19: whole conversations with a peer that says wrong things between right ones. Whatever it says, a value that comes
/// out is that of the question asked: registers hold their own address, and 0xDEAD stands in every frame that must not
/// be believed.
@Suite(.timeLimit(.minutes(5)))
struct ExchangeFuzzTests {
    /// True once the peer is to say nothing wrong any more.
    private final class Calm: Sendable {
        private let value = Atomic(false)
        var isOn: Bool { value.load(ordering: .sequentiallyConsistent) }
        func begin() { value.store(true, ordering: .sequentiallyConsistent) }
    }

    /// Asks at random, and returns how many questions were answered.
    private func converse(
        _ endpoint: BusEndpoint, exchanges: Int, timeout: Duration, tap: (any FrameTap)? = nil,
        calm: Calm
    ) async throws -> Int {
        var random = SeededGenerator(seed: FuzzSeed.value &+ 1)
        let link = try ModbusBus.link(for: settings(endpoint, timeout: .seconds(2)), clock: wallClock, tap: tap)
        try await link.open()
        var answered = 0
        for number in 0..<exchanges {
            let count = Int.random(in: 1...4, using: &random)
            let request = try request(.random(in: 0...0x70, using: &random) * 4, count)
            switch await link.ending(of: request, timeout: timeout) {
            case .words(let words):
                let expected = (request.start..<request.start + request.count).map { $0 }
                try #require(words == expected, "exchange \(number): \(request) gave \(words); \(FuzzSeed.hint)")
                answered += 1
            case .exception(let code):
                try #require(code == 4, "exchange \(number): exception \(code); \(FuzzSeed.hint)")
                answered += 1
            case .failed(.linkDown), .failed(.refused): try await link.open()
            case .failed: break
            }
        }
        // The end without faults: everything comes through again.
        calm.begin()
        var right = 0
        for number in 0..<40 where right < 10 {
            let ending = try await link.ending(of: request(UInt16(number), 1), timeout: .seconds(1))
            if ending == .words([UInt16(number)]) { right += 1 }
            if case .failed = ending { try await link.open() }
        }
        #expect(right == 10, "the link never recovered; \(FuzzSeed.hint)")
        await link.close()
        return answered
    }

    @Test func `X19, P03: no wrong frame between right ones ever becomes a value over TCP`() async throws {
        let calm = Calm()
        let liar = Liar(LyingMBAP())
        let peer = try ScriptedPeer(
            .init(answer: { request, _ in
                if calm.isOn { return [.send(LyingMBAP.answer(request))] }
                return liar.steps(request)
            }))
        try await peer.whileRunning { peer in
            let answered = try await converse(
                .tcp(host: "127.0.0.1", port: peer.port), exchanges: 300, timeout: .milliseconds(25), calm: calm)
            #expect(answered > 60, "only \(answered) of 300 questions were answered; \(FuzzSeed.hint)")
        }
    }

    /// Knows when the last question was sent.
    private final class Stopwatch: FrameTap {
        private let sent = Mutex(ContinuousClock.now)
        var sinceQuestion: Duration { sent.withLock { ContinuousClock.now - $0 } }

        func saw(_ bytes: Span<UInt8>, _ direction: FrameDirection, at instant: ContinuousClock.Instant) {
            if direction == .sent { sent.withLock { $0 = instant } }
        }

        func saw(_ event: LinkEvent, at instant: ContinuousClock.Instant) {}
    }

    @Test func `X19, P03, P19: no wrong frame between right ones ever becomes a value in RTU frames`() async throws {
        let calm = Calm()
        let liar = Liar(LyingRTU())
        let stopwatch = Stopwatch()
        var script = ScriptedPeer.Script(answer: { request, _ in
            // An answer that this machine delays beyond all timeouts would be the test's own lie.
            guard stopwatch.sinceQuestion < .milliseconds(60) else { return [] }
            if calm.isOn { return [.send(RTUFrames.answer(request))] }
            return liar.steps(request)
        })
        script.requestLength = 8
        let line = SerialLine(baud: 115_200, parity: .none)
        try await ScriptedPeer(script).whileRunning { peer in
            let answered = try await converse(
                .rtuOverTCP(host: "127.0.0.1", port: peer.port, line: line), exchanges: 100,
                timeout: .milliseconds(100), tap: stopwatch, calm: calm)
            #expect(answered > 20, "only \(answered) of 100 questions were answered; \(FuzzSeed.hint)")
        }
    }
}

private protocol Lying: Sendable {
    mutating func steps(_ request: [UInt8]) -> [ScriptedPeer.Step]
}

private final class Liar<Lies: Lying>: Sendable {
    private let lies: Mutex<Lies>

    init(_ lies: Lies) { self.lies = Mutex(lies) }

    func steps(_ request: [UInt8]) -> [ScriptedPeer.Step] { lies.withLock { $0.steps(request) } }
}

/// A Modbus TCP server that puts wrong frames around right ones.
private struct LyingMBAP: Lying {
    private var random = SeededGenerator(seed: FuzzSeed.value &+ 2)
    private var earlier: [[UInt8]] = []

    static func answer(_ request: [UInt8], word: ((Int) -> UInt16)? = nil, more: Int = 0) -> [UInt8] {
        let start = Int(request[8]) << 8 | Int(request[9])
        let count = (Int(request[10]) << 8 | Int(request[11])) + more
        let data = (start..<start + count).flatMap { address -> [UInt8] in
            let value = word?(address) ?? UInt16(address)
            return [UInt8(value >> 8), UInt8(value & 0xFF)]
        }
        return Array(request[0..<2]) + [0, 0, 0, UInt8(3 + data.count), request[6], request[7], UInt8(data.count)]
            + data
    }

    mutating func steps(_ request: [UInt8]) -> [ScriptedPeer.Step] {
        let right = Self.answer(request)
        defer { earlier = Array((earlier + [right]).suffix(5)) }
        var stream: [UInt8] = []
        for _ in 0..<Int.random(in: 0...2, using: &random) { stream += wrong(request) }
        switch Int.random(in: 0...9, using: &random) {
        case 0: break  // no answer at all
        case 1:
            // Nothing may follow: what makes up the length of an answer cannot be told from its end.
            return pieces(stream + right.prefix(Int.random(in: 1..<right.count, using: &random)))
        case 2: stream += Array(request[0..<2]) + [0, 0, 0, 3, request[6], request[7] | 0x80, 4]
        default: stream += right
        }
        if Int.random(in: 0...4, using: &random) == 0 { stream += Bool.random(using: &random) ? right : wrong(request) }
        return pieces(stream)
    }

    /// A frame that is no answer to the question, whatever follows it.
    private mutating func wrong(_ request: [UInt8]) -> [UInt8] {
        var frame = Self.answer(request, word: { _ in 0xDEAD })
        switch Int.random(in: 0...9, using: &random) {
        case 0: frame[0] ^= 0x20  // a transaction id far from ours
        case 1: frame[6] ^= UInt8.random(in: 1...255, using: &random)
        case 2: frame[7] ^= UInt8.random(in: 1...127, using: &random)
        case 3: frame[Int.random(in: 2...3, using: &random)] = .random(in: 1...255, using: &random)
        case 4: frame[5] &+= UInt8.random(in: 1...255, using: &random)
        case 5: frame[8] &+= UInt8.random(in: 1...255, using: &random)
        case 6: return Self.answer(request, word: { _ in 0xDEAD }, more: 1)
        case 7: return Mutation.noise(1...30, using: &random)
        case 8: frame[4] = .random(in: 1...255, using: &random)
        default: return earlier.randomElement(using: &random) ?? []
        }
        return frame
    }

    private mutating func pieces(_ stream: [UInt8]) -> [ScriptedPeer.Step] {
        guard !stream.isEmpty, Bool.random(using: &random) else { return stream.isEmpty ? [] : [.send(stream)] }
        let place = Int.random(in: 0...stream.count, using: &random)
        return [.send(Array(stream[..<place])), .wait(.microseconds(300)), .send(Array(stream[place...]))]
            .filter { if case .send(let bytes) = $0 { !bytes.isEmpty } else { true } }
    }
}

/// A device server on a line where others talk too. It has no transaction ids, so what it says wrong is of another unit,
/// function or length, or damaged, or comes late within the time in which a late answer is known to be one.
private struct LyingRTU: Lying {
    private var random = SeededGenerator(seed: FuzzSeed.value &+ 3)
    private var withheld: (answer: [UInt8], at: ContinuousClock.Instant)?

    mutating func steps(_ request: [UInt8]) -> [ScriptedPeer.Step] {
        var stream: [UInt8] = []
        if let late = withheld.take(), ContinuousClock.now - late.at < .milliseconds(250) { stream += late.answer }
        for _ in 0..<Int.random(in: 0...1, using: &random) { stream += wrong(request) }
        let right = RTUFrames.answer(request)
        switch Int.random(in: 0...19, using: &random) {
        case 0:
            withheld = (right, .now)
            return []
        case 1: stream += Array(right.prefix(Int.random(in: 1..<right.count, using: &random)))
        case 2: stream += RTUFrames.withChecksum([request[0], request[1] | 0x80, 4])
        case 3: stream += right + right
        default: stream += right
        }
        let place = Int.random(in: 0...stream.count, using: &random)
        return [.send(Array(stream[..<place])), .send(Array(stream[place...]))]
            .filter { if case .send(let bytes) = $0 { !bytes.isEmpty } else { true } }
    }

    private mutating func wrong(_ request: [UInt8]) -> [UInt8] {
        let count = Int(request[5])
        let poison = (0..<count).flatMap { _ in [0xDE, 0xAD] as [UInt8] }
        let frame = RTUFrames.withChecksum([request[0], request[1], UInt8(2 * count)] + poison)
        switch Int.random(in: 0...6, using: &random) {
        case 0:
            var damaged = frame
            damaged[Int.random(in: frame.indices, using: &random)] ^= 1 << UInt8.random(in: 0...7, using: &random)
            return damaged
        case 1:
            let other = request[0] ^ UInt8.random(in: 1...255, using: &random)
            return RTUFrames.withChecksum([other, request[1], UInt8(2 * count)] + poison)
        case 2:
            let other = request[1] ^ UInt8.random(in: 1...127, using: &random)
            return RTUFrames.withChecksum([request[0], other, UInt8(2 * count)] + poison)
        case 3: return RTUFrames.withChecksum([request[0], request[1], UInt8(2 * count + 2)] + poison + [0xDE, 0xAD])
        case 4: return Array(frame.dropLast(Int.random(in: 1..<frame.count, using: &random)))
        case 5: return request  // an echo
        default: return Mutation.noise(1...20, using: &random)
        }
    }
}
