import KoppelCore
import KoppelEngine
import Testing

/// What is now and what is past, and when a machine is lost.
struct DeviceAccountTests {
    private func reading(
        _ seq: UInt64, _ condition: Condition = .good, signal: UInt16 = 0
    ) -> Reading {
        Reading(
            signal: SignalNumber(rawValue: signal), condition: condition, seq: seq,
            time: Timestamp(nanoseconds: Int64(seq) * 1_000_000_000),
            value: condition.quality == .bad ? nil : .uint(seq))
    }

    private func stored(_ readings: [Reading], epoch: UInt32 = 1, gaps: [Gap] = []) -> StoredRecord {
        StoredRecord(
            position: .start, epoch: epoch,
            record: SweepRecord(
                machine: MachineNumber(rawValue: 0), rev: 1, clock: .synchronised, readings: readings, gaps: gaps))
    }

    private func known(_ reading: Reading) -> LiveLane.Item {
        LiveLane.Item(
            machine: MachineNumber(rawValue: 0), rev: 1, epoch: 1, content: .reading(reading, last: nil))
    }

    private func account(_ known: [Reading]) -> DeviceAccount {
        var account = DeviceAccount()
        _ = account.birth(known.map(self.known))
        return account
    }

    @Test func `what is newer than what was told is now, and the rest is past`() {
        var account = account([reading(5)])
        let data = account.data(of: stored([reading(4), reading(5), reading(6)]), isBacklog: false)
        #expect(data.map(\.isHistorical) == [true, true, false])
    }

    @Test func `a new epoch begins the numbers again and is newer`() {
        var account = account([reading(500)])
        #expect(account.data(of: stored([reading(1)], epoch: 2), isBacklog: false).map(\.isHistorical) == [false])
        #expect(account.data(of: stored([reading(501)]), isBacklog: false).map(\.isHistorical) == [true])
    }

    @Test(arguments: [true, false])
    func `of a signal nothing was told of, only what is stored from now on is now`(isBacklog: Bool) {
        var account = account([])
        #expect(account.data(of: stored([reading(1)]), isBacklog: isBacklog).map(\.isHistorical) == [isBacklog])
    }

    @Test func `the first failed poll of an outage is past at once, since the last reading stands`() {
        var account = account([reading(1)])
        let data = account.data(
            of: stored([
                reading(2, .timeout), reading(3, .staleCommunication), reading(4, .noCommunication), reading(5),
            ]), isBacklog: false)
        #expect(data.map(\.isHistorical) == [true, false, false, false])
        #expect(data.map(\.saysGood) == [false, false, true, true])
    }

    @Test func `good is said once after something else, and not again`() {
        var account = account([reading(1, .staleCommunication)])
        #expect(account.data(of: stored([reading(2), reading(3)]), isBacklog: false).map(\.saysGood) == [true, false])
    }

    @Test func `gaps go before the readings of their record, and are past`() {
        var account = account([])
        let gap = Gap(
            signal: SignalNumber(rawValue: 0), from: Timestamp(nanoseconds: 1), to: Timestamp(nanoseconds: 2), lost: 3,
            reason: .slotMissed)
        let data = account.data(of: stored([reading(1)], gaps: [gap]), isBacklog: false)
        #expect(data.first == DeviceDatum(.gap(gap), isHistorical: true))
        #expect(data.count == 2)
    }

    // MARK: Lost

    @Test(
        arguments: [
            ([.noCommunication, .noCommunication], true), ([.noCommunication, .good], false),
            ([.timeout, .disabled], true), ([.disabled, .configError], false), ([.sensorFault, .timeout], false),
            ([.waiting, .noCommunication], false), ([.connectionRefused, .gatewayTarget], true),
            ([.staleCommunication, .noCommunication], false), ([], false),
        ] as [([Condition], Bool)])
    func `a machine is lost when no signal has a value, for want of an answer`(conditions: [Condition], isLost: Bool) {
        let readings = conditions.enumerated().map { reading(1, $1, signal: UInt16($0)) }
        #expect(account(readings).isLost == isLost)
    }

    @Test func `a dead machine says nothing of its silence, and anything else is worth a birth`() {
        var account = account([reading(1, .noCommunication)])
        account.died()
        #expect(account.isDead)
        let silence = stored([reading(2, .noCommunication)])
        #expect(!account.isWorthABirth(silence.record))
        #expect(account.data(of: silence, isBacklog: false).isEmpty)
        #expect(account.isWorthABirth(stored([reading(3)]).record))
        let gap = Gap(
            signal: SignalNumber(rawValue: 0), from: Timestamp(nanoseconds: 1), to: Timestamp(nanoseconds: 2), lost: 3,
            reason: .agentStopped)
        #expect(account.isWorthABirth(stored([reading(2, .noCommunication)], gaps: [gap]).record))
        _ = account.birth([])
        #expect(!account.isDead)
    }
}
