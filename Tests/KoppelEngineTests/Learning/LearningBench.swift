import KoppelCore
import KoppelTestKit
import Testing

@testable import KoppelEngine

/// A machine before a device that lacks registers, or takes short requests only, and what consumers are told of it.
struct LearningBench {
    /// What the device really is like.
    struct Device {
        /// Addresses that are refused, by table.
        var holes: [RegisterTable: Set<Int>] = [:]
        /// Longer requests are refused.
        var longest = 125
        /// What a request that is too long gets; `nil` for no answer at all.
        var tooLong: UInt8? = 3
        var absent: UInt8 = 2
        var refusesAll = false

        func answer(to request: ReadRequest) -> ReadOutcome? {
            let addresses = Int(request.start)..<(Int(request.start) + Int(request.count))
            if request.count > longest { return tooLong.map { .exception(ModbusException(code: $0)) } }
            if refusesAll || addresses.contains(where: { holes[request.table, default: []].contains($0) }) {
                return .exception(ModbusException(code: absent))
            }
            // Zero is a number in every type, and the exponent that changes nothing.
            return .words(addresses.map { _ in 0 })
        }
    }

    let settings: MachineSettings
    let board: FactBoard
    var machine: PolledMachine
    var device: Device
    var now = Duration.zero
    /// What the wall clock is ahead of the monotonic one.
    var wallStep = Duration.zero
    /// What was asked in the last sweep.
    var asked: [ReadRequest] = []
    /// What whoever watches live is told of each signal now.
    var live: [UInt16: Condition] = [:]

    init(
        _ points: [Point], device: Device = Device(), limits: UnitLimits = UnitLimits(), unit: UInt8 = 1,
        board: FactBoard = FactBoard(), memories: [SignalMemory]? = nil
    ) throws {
        var settings = try PollingBench.settings("press", unit: unit, points)
        settings.profile.limits = limits
        self.settings = settings
        self.device = device
        self.board = board
        machine = PolledMachine(
            settings: settings, register: PollingBench.register(settings, memories: memories),
            cost: .serial(SerialLine()),
            doubtsClock: true, facts: board)
        _ = machine.opening(time: time, history: PollingBench.history(.first), clock: .synchronised)
    }

    var time: Timestamp { PollingBench.begin.advanced(by: now + wallStep) }

    /// One sweep of everything, or of these groups.
    mutating func sweep(after pause: Duration = .seconds(1), groups: [Int]? = nil) {
        now += pause
        asked = []
        let due = groups ?? Array(machine.groups.indices)
        for read in machine.plan(due) {
            asked.append(read.plan.request)
            switch device.answer(to: read.plan.request) {
            case .some(let outcome):
                _ = machine.take(ReadAnswer(outcome: outcome, time: time, elapsed: .zero), for: read, now: now)
            case nil:
                machine.wasSilent(to: read, time: time)
                machine.failed(read, condition: .timeout, now: now, time: time)
            }
        }
        machine.tick(due, now: now, time: time)
        board.exchange(&machine)
        guard let swept = machine.takeRecord(clock: .synchronised) else { return }
        for (index, reading) in swept.record.readings.enumerated() where !swept.momentary.contains(index) {
            live[reading.signal.rawValue] = reading.condition
        }
    }

    mutating func sweep(times: Int) { for _ in 0..<times { sweep() } }

    /// `holding 4+6` for the register 4 and the five after it.
    var lines: [String] { asked.map { "\($0.table.name) \($0.start)+\($0.count)" } }

    var facts: [String] { board.facts.map(\.description) }

    /// The signals that are not good.
    var notGood: [UInt16: Condition] { live.filter { $0.value != .good } }
}

/// So many registers from an address on.
func registers(_ count: Int, from first: Int = 0, _ table: RegisterTable = .holdingRegister) throws -> [Point] {
    try (0..<count).map {
        try point("\(table.name)-\(first + $0)", table, at: UInt16(first + $0), table.isBits ? .bool : .uint16)
    }
}
