import KoppelCore
import KoppelModbus
import KoppelTestKit
import Testing

/// Eight counters of one shape at different addresses, each counting in a range of its own: a value tells which
/// counter it is, so the answer to another question is seen at once. 0xDEAD stands in every frame that must not be
/// believed.
struct Signals {
    static let number = 8
    private static let step = 1_000_000

    let link: any ModbusLink
    let timeout: Duration

    init(device: ChaosDevice, link: any ModbusLink, timeout: Duration) async throws {
        for index in 0..<Self.number { try await device.tell("set u1.c\(index) value=\(index * Self.step)") }
        self.link = link
        self.timeout = timeout
    }

    /// Reads one counter; a right value comes back as no words, a wrong one as it is.
    func read(_ index: Int) async throws -> Ending {
        let ending = try await link.ending(of: request(UInt16(index * 2), 2), timeout: timeout)
        guard case .words(let words) = ending, words.count == 2 else { return ending }
        let value = Int(words[0]) << 16 | Int(words[1])
        let range = index * Self.step..<(index + 1) * Self.step
        #expect(range.contains(value), "counter \(index) has the value \(value)")
        return range.contains(value) ? .words([]) : ending
    }

    /// Waits until the device answers, opening the link again when it has to, for at most five seconds.
    func waitUntilAnswered() async throws {
        let end = ContinuousClock.now + .seconds(5)
        while try await read(0) != .words([]) {
            try #require(ContinuousClock.now < end, "the device never answered")
            try? await link.open()  // the next round says if it failed
        }
    }

    /// Opens the link until something answers, for at most five seconds.
    func waitUntilReached() async throws {
        let end = ContinuousClock.now + .seconds(5)
        while true {
            try? await link.open()  // the next read says if it failed
            if case .words = try await link.ending(of: request(14, 2), timeout: timeout) { return }
            try #require(ContinuousClock.now < end, "the device never came back")
            try await ContinuousClock().sleep(for: .milliseconds(20))
        }
    }

    /// Every counter is read rightly. A busy machine may answer late a few times; that is no fault of the link.
    func expectValues(rounds: Int) async throws {
        for round in 0..<rounds {
            for index in 0..<Self.number {
                var ending = try await read(index)
                for _ in 0..<4 where ending == .failed(.timeout) { ending = try await read(index) }
                #expect(ending == .words([]), "counter \(index) in round \(round)")
            }
        }
    }

    /// Reads may fail, but none is wrong.
    func expectNothingWrong(for duration: Duration) async throws {
        let end = ContinuousClock.now + duration
        var index = 0
        while ContinuousClock.now < end {
            index = (index + 1) % Self.number
            if case .failed(let kind) = try await read(index), case .linkDown = kind { try? await link.open() }
        }
    }
}
