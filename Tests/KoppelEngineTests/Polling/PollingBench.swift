import KoppelCore
import Testing

@testable import KoppelEngine

/// One machine with registers to set, polled by hand.
struct PollingBench {
    enum Outcome {
        case answers
        case exception(UInt8)
        case fails(Condition)
    }

    static let begin = Timestamp(nanoseconds: 1_800_000_000_000_000_000)

    var settings: MachineSettings
    var machine: PolledMachine
    var now = Duration.zero
    var clock = ClockState.synchronised
    var registers: [UInt16: UInt16] = [:]
    /// By how much the wall clock was set since the begin.
    var wallStep = Duration.zero
    /// The agent's own time when the monotonic one began.
    var base = PollingBench.begin

    init(
        _ points: [Point], interval: Duration = .seconds(1), simulated: Bool = false, memories: [SignalMemory]? = nil,
        doubtsClock: Bool = true
    ) throws {
        settings = try Self.settings("press", points, interval: interval, simulated: simulated)
        machine = PolledMachine(
            settings: settings, register: Self.register(settings, memories: memories), cost: .tcp(),
            doubtsClock: doubtsClock)
    }

    static func settings(
        _ id: String, bus: String = "hall", unit: UInt8 = 1, _ points: [Point], interval: Duration = .seconds(1),
        simulated: Bool = false
    ) throws -> MachineSettings {
        MachineSettings(
            id: try #require(Identifier(id)), bus: try #require(Identifier(bus)), unit: UnitID(unit),
            profile: DeviceProfile(
                id: try #require(Identifier("acme-press")), version: "1.0.0", manufacturer: "Acme", model: "Press",
                interval: interval, points: points),
            location: [], nameplate: Nameplate(manufacturer: "Acme", model: "Press"), points: points,
            simulated: simulated)
    }

    /// Signals numbered in the order of ``PublishedSignals``.
    static func register(
        _ settings: MachineSettings, number: Int = 0, memories: [SignalMemory]? = nil
    ) -> MachineRegister {
        let count = PublishedSignals(points: settings.points).entries.count
        return MachineRegister(
            number: MachineNumber(rawValue: number), urn: "urn:uuid:6f1d2a64-0f3b-4c0e-9a53-2f3f6f7f0a11", rev: 1,
            issued: begin, signals: (0..<count).map { SignalNumber(rawValue: UInt16($0)) },
            memories: memories ?? Array(repeating: SignalMemory(), count: count))
    }

    static func history(_ end: JournalHistory.LastEnd, lastAlive: Timestamp? = nil) -> JournalHistory {
        JournalHistory(
            lastEnd: end, lastAlive: lastAlive, epoch: 1, agentURN: "urn:uuid:0b9a3c52-7a1c-4f57-8d65-1f0f5a2c7e31")
    }

    /// The agent's own time, which no step of the wall clock touches.
    var time: Timestamp { base.advanced(by: now) }

    var reading: ClockReading { ClockReading(state: clock, offset: wallStep, step: wallStep) }

    mutating func open(_ end: JournalHistory.LastEnd = .first, lastAlive: Timestamp? = nil) -> SweptRecord? {
        machine.opening(time: time, history: Self.history(end, lastAlive: lastAlive), clock: reading)
    }

    /// Lets time pass and polls these groups; all of them unless told otherwise.
    @discardableResult
    mutating func poll(
        _ outcome: Outcome = .answers, after pause: Duration = .seconds(1), groups: [Int]? = nil
    ) -> SweptRecord? {
        now += pause
        let due = groups ?? Array(machine.groups.indices)
        for read in machine.plan(due) { give(outcome, to: read) }
        machine.tick(due, now: now, time: time)
        return machine.takeRecord(clock: reading)
    }

    mutating func give(_ outcome: Outcome, to read: PreparedRead) {
        switch outcome {
        case .answers:
            let request = read.plan.request
            let words = (0..<request.count).map { registers[request.start + $0] ?? 0 }
            _ = machine.take(ReadAnswer(outcome: .words(words), time: time, elapsed: .zero), for: read, now: now)
        case .exception(let code):
            _ = machine.take(
                ReadAnswer(outcome: .exception(ModbusException(code: code)), time: time, elapsed: .zero), for: read,
                now: now)
        case .fails(let condition): machine.failed(read, condition: condition, now: now, time: time)
        }
    }
}

extension ClockReading {
    static let synchronised = ClockReading(state: .synchronised)
}

extension SweptRecord? {
    /// `0:3 good 17` for the third reading of signal 0; a star behind what belongs to the history alone.
    var lines: [String] {
        guard let self else { return [] }
        return self.record.readings.enumerated().map { index, reading in
            let value = reading.value.map { " \($0.brief)" } ?? ""
            return "\(reading.signal.rawValue):\(reading.seq) \(reading.condition)\(value)"
                + (self.momentary.contains(index) ? "*" : "")
        }
    }

    /// `0 slot-missed 3` for three lost readings of signal 0.
    var gapLines: [String] {
        self?.record.gaps.map { "\($0.signal.rawValue) \($0.reason.name) \($0.lost)" } ?? []
    }
}

extension Value {
    var brief: String {
        switch self {
        case .uint(let number): "\(number)"
        case .int(let number): "\(number)"
        case .double(let number): "\(number)"
        case .float(let number): "\(number)"
        case .bool(let flag): "\(flag)"
        case .text(let text): text
        }
    }
}

/// A counter at an address, up to 100 a second.
func counterPoint(_ name: String, at address: UInt16, modulus: UInt64? = 65_536) throws -> Point {
    var result = try point(name, at: address)
    result.kind = .counter
    result.counter = CounterRule(modulus: modulus, reset: .unknown, maxRatePerSecond: 100, counts: .all)
    return result
}
