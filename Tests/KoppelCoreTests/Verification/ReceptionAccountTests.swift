import Testing

@testable import KoppelCore

/// What the independent receiver makes of sound and of flawed deliveries.
struct ReceptionAccountTests {
    private static let name = "urn:m"

    /// Readings of one signal, one a second, whose number is also their moment.
    private func batch(
        _ numbers: ClosedRange<UInt64>, epoch: UInt32 = 1, signal: String = "a/b", aggregate: String = "",
        value: UInt64 = 0, gaps: [ReceivedGap] = []
    ) -> ReceivedBatch {
        ReceivedBatch(
            machine: Self.name, epoch: epoch,
            series: [
                .init(
                    signal: signal, aggregate: aggregate, seq: numbers.lowerBound,
                    samples: numbers.map {
                        .init(time: at($0), fingerprint: $0 &* 31 &+ value, isBad: $0 % 10 == 0)
                    })
            ], gaps: gaps)
    }

    private func at(_ second: UInt64) -> Timestamp { Timestamp(nanoseconds: Int64(second) * 1_000_000_000) }

    private func gap(
        _ from: UInt64, _ to: UInt64, lost: UInt64?, _ reason: GapReason = .bufferOverflow, signal: String = "a/b"
    ) -> ReceivedGap {
        ReceivedGap(signal: signal, from: at(from), to: at(to), lost: lost, reason: reason.name)
    }

    private func account(_ batches: ReceivedBatch...) -> ReceptionAccount {
        var account = ReceptionAccount()
        for batch in batches { account.take(batch, label: "m") }
        return account
    }

    private func series(_ account: ReceptionAccount, _ aggregate: String = "") throws -> SeriesAccount {
        try #require(account.signals[.init(machine: Self.name, signal: "a/b")]?.series[aggregate])
    }

    @Test func `a sound delivery is complete from its first reading to its last`() throws {
        let account = account(batch(48_213...48_220), batch(48_221...48_230))
        let series = try series(account)
        #expect(account.isSound)
        #expect(series.readings == 18)
        #expect(series.bad == 2)
        #expect(series.from == at(48_213))
        #expect(series.to == at(48_230))
    }

    @Test func `P62: repeats are removed and counted, also those of another cut`() throws {
        let account = account(batch(1...10), batch(5...12), batch(11...14), batch(1...14))
        let series = try series(account)
        #expect(account.isSound)
        #expect(series.readings == 14)
        #expect(series.repeats == 6 + 2 + 14)
    }

    @Test func `a number that is missing and not declared is a hole, with what stands around it`() throws {
        let account = account(batch(1...4), batch(7...9))
        #expect(!account.isSound)
        #expect(try series(account).holes == [.init(epoch: 1, first: 5, last: 6, after: at(4), before: at(7))])
    }

    @Test func `a hole that is declared with reason and count is none`() throws {
        let account = account(batch(1...4), batch(7...9, gaps: [gap(5, 7, lost: 2)]))
        #expect(account.isSound)
        #expect(try series(account).explained == 2)
        let signal = account.signals[.init(machine: Self.name, signal: "a/b")]
        #expect(signal?.declared == [.init(reason: "buffer-overflow", gaps: 1, lost: 2, from: at(5), to: at(7))])
    }

    @Test func `more missing than declared is a hole`() {
        #expect(!account(batch(1...4), batch(8...9, gaps: [gap(5, 8, lost: 2)])).isSound)
    }

    @Test func `a declaration explains each number once`() {
        let once = gap(5, 20, lost: 2)
        #expect(!account(batch(1...4), batch(7...9, gaps: [once]), batch(12...13)).isSound)
        #expect(!account(batch(1...4), batch(7...9, gaps: [once]), batch(12...13, gaps: [once])).isSound)
    }

    @Test func `a declaration over another time, or of another signal, explains nothing`() {
        #expect(!account(batch(1...4), batch(7...9, gaps: [gap(20, 30, lost: 2)])).isSound)
        #expect(!account(batch(1...4), batch(7...9, gaps: [gap(5, 7, lost: 2, signal: "a/c")])).isSound)
    }

    @Test func `a slot that was missed used no number, so it explains none`() {
        #expect(account(batch(1...4), batch(5...9, gaps: [gap(4, 5, lost: 3, .slotMissed)])).isSound)
        #expect(!account(batch(1...4), batch(7...9, gaps: [gap(4, 7, lost: 3, .slotMissed)])).isSound)
    }

    @Test func `a hole stays open until its declaration comes`() {
        #expect(account(batch(1...4), batch(7...9), batch(10...10, gaps: [gap(5, 7, lost: 2)])).isSound)
    }

    @Test func `P74: one number with two contents is a conflict`() throws {
        let account = account(batch(1...10), batch(8...9, value: 1))
        #expect(!account.isSound)
        #expect(try series(account).conflicts == 2)
    }

    @Test func `what comes after a later one fills its hole, and the order was wrong`() throws {
        let account = account(batch(1...4), batch(8...9), batch(6...6), batch(5...7))
        let series = try series(account)
        #expect(series.missing == 0)
        #expect(series.unordered == 3)
        #expect(series.repeats == 1)
        #expect(!account.isSound)
    }

    @Test func `what was sent before the receiver listened is none of its business`() throws {
        let account = account(batch(20...24), batch(15...24))
        #expect(account.isSound)
        #expect(try series(account).from == at(20))
    }

    @Test func `a new epoch begins at one, and what was lost before it has to be declared`() throws {
        let declared = gap(5, 11, lost: 3, .journalDamaged)
        let later = ReceivedBatch(
            machine: Self.name, epoch: 2,
            series: [.init(signal: "a/b", seq: 1, samples: [.init(time: at(11), fingerprint: 1, isBad: true)])],
            gaps: [declared])
        #expect(account(batch(1...4), later).isSound)
        var bare = later
        bare.gaps = []
        #expect(try series(account(batch(1...4), bare)).bareEpochs == 1)
        var late = later
        late.series[0].seq = 3
        late.gaps = [gap(5, 11, lost: 1, .journalDamaged)]
        #expect(try series(account(batch(1...4), late)).missing == 2)
    }

    @Test func `each function and window of a signal is a series of its own`() {
        #expect(
            account(
                batch(1...3, aggregate: "mean PT15M"), batch(1...3, aggregate: "max PT15M", value: 7),
                batch(1...3, value: 9)
            ).isSound)
    }

    @Test func `windows that are missing are declared by a gap over their time`() {
        #expect(
            account(
                batch(1...3, aggregate: "mean PT15M"),
                batch(6...6, aggregate: "mean PT15M", gaps: [gap(4, 5, lost: 900)])
            ).isSound)
        #expect(!account(batch(1...3, aggregate: "mean PT15M"), batch(6...6, aggregate: "mean PT15M")).isSound)
    }

    @Test func `an agent is offline when its own will says so, and not by that of an older session`() {
        var account = ReceptionAccount()
        account.take(status: true, session: "two", of: "x/_agent/box")
        account.take(status: false, session: "one", of: "x/_agent/box")
        #expect(account.agents["x/_agent/box"]?.isOnline == true)
        account.take(status: false, session: "two", of: "x/_agent/box")
        #expect(account.agents["x/_agent/box"]?.isOnline == false)
        #expect(account.agents["x/_agent/box"]?.departures == 1)
    }

    @Test func `a message that is not ours is passed over, and one that cannot be read is a fault`() {
        var account = account(batch(1...3))
        account.take(.foreign, topic: "x")
        #expect(account.isSound)
        #expect(account.foreign == 1)
        account.take(.unreadable("no epoch"), topic: "x/_batch")
        #expect(!account.isSound)
    }

    @Test func `U18: a run of many holes stays bounded, and none is forgotten in the sum`() throws {
        var account = ReceptionAccount()
        for number in 0..<20_000 as Range<UInt64> {
            account.take(batch(number * 3 + 1...number * 3 + 2), label: "m")
        }
        let series = try series(account)
        #expect(series.missing == 19_999)
        #expect(series.holes.count == 1_000)
    }
}
