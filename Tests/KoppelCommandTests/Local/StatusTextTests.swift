import Foundation
import KoppelCore
import Testing

@testable import KoppelAgent
@testable import koppel

struct StatusTextTests {
    private static let now = Timestamp(nanoseconds: 1_777_622_400_000_000_000)

    private static func before(_ duration: Duration) -> Moment { Moment(now.advanced(by: .zero - duration)) }

    private static func unit(
        _ number: UInt8, _ machine: String, _ state: String, change: (inout StatusDocument.Unit) -> Void = { _ in }
    ) -> StatusDocument.Unit {
        var unit = StatusDocument.Unit(
            unit: number, machines: [machine], state: state, since: before(.seconds(7_000)), requests: 7_010,
            answers: 7_000, timeouts: 10, badFrames: 0, exceptions: 0, missedSlots: 0, load: 0.12, medianMs: 7.1,
            p999Ms: 21, timeoutMs: 1_000, headroom: 0.979, lastError: nil, lastErrorAt: nil)
        change(&unit)
        return unit
    }

    private static func bus(_ id: String, _ state: String, units: [StatusDocument.Unit]) -> StatusDocument.Bus {
        StatusDocument.Bus(
            id: id, url: "rtu:/dev/serial/by-id/usb-FTDI?baud=19200&format=8E1", state: state,
            since: before(.seconds(7_200)), failures: 0, lastError: nil, lastErrorAt: nil, plannedLoad: 0.41,
            load: 0.385, ring: .init(bytes: 262_100, limitBytes: 262_144), units: units)
    }

    /// An agent with nothing wrong.
    static let well = StatusDocument(
        now: Moment(now),
        agent: .init(
            id: "box-1", version: "0.1.0", process: 812, since: before(.seconds(7_300)), clock: "synchronised",
            clockErrorMs: 1.25, memoryBytes: 19_000_000, logLines: 6),
        buses: [bus("meters", "open", units: [unit(1, "main-meter", "answering"), unit(2, "saw-meter", "answering")])],
        learned: [],
        destinations: [
            .init(
                id: "plant", url: "mqtt://127.0.0.1:1883", state: "connected", since: before(.seconds(7_290)),
                failures: 0,
                lastError: nil, backlog: 12, oldest: before(.milliseconds(900)), counted: Moment(now),
                catchUpSeconds: nil, lastAcknowledged: Moment(now), refused: 0, lastRefusal: nil, lastRefused: nil,
                quarantined: 0)
        ],
        journal: .init(
            bytes: 1_400_000, limitBytes: 2 << 30, oldest: before(.seconds(60)), dropped: 0, readingsPerSecond: 84.5,
            hoursLeft: 588.2, writtenBytesPerReading: 21.4, writtenBytesPerDay: 156_000_000, counted: Moment(now)),
        local: .init(served: 3, refused: 0, cutOff: 0))

    /// The same with all that can be wrong at once.
    static let ill: StatusDocument = {
        var status = well
        status.agent.clock = "unsynchronised"
        status.agent.clockErrorMs = nil
        status.buses[0].units = [
            unit(1, "main-meter", "answering") { $0.headroom = 0.2 },
            unit(2, "saw-meter", "silent") { $0.lastError = "bus meters, unit 2: no answer after 1000 ms" },
            unit(3, "oven", "never-answered") {
                ($0.answers, $0.medianMs, $0.p999Ms, $0.headroom) = (0, nil, nil, nil)
            },
            unit(4, "dryer", "over-share"),
            unit(5, "mixer", "answering") {
                $0.badFrames = 900
                $0.lastError = "the answer was refused: the checksum does not fit"
            },
        ]
        var closed = bus("hal-3", "closed", units: [])
        closed.url = "tcp://10.0.0.7:502"
        closed.lastError = "bus hal-3: connection refused"
        closed.plannedLoad = 1.3
        closed.load = nil
        status.buses.append(closed)
        status.learned = [
            .init(
                bus: "meters", unit: 1, fact: "input 70 to 71 is refused (exception 2)",
                since: before(.seconds(86_000)),
                until: Moment(now.advanced(by: .seconds(400))))
        ]
        status.destinations[0].state = "away"
        status.destinations[0].lastError = "plant: the broker does not answer"
        status.destinations[0].backlog = 1_250_000
        status.destinations[0].catchUpSeconds = 1_800
        status.destinations[0].oldest = before(.seconds(36_000))
        status.destinations[0].quarantined = 2
        status.destinations[0].lastRefusal = 0x97
        status.destinations[0].lastRefused = before(.seconds(90))
        status.journal?.dropped = 17
        status.journal?.hoursLeft = 3.2
        status.problems = status.judgedProblems()
        return status
    }()

    @Test func `the status of an agent that is well fits on a screen`() throws {
        #expect(Self.well.judgedProblems() == [])
        let text = StatusText(status: Self.well).rendered(.plain)
        #expect(text.split(separator: "\n", omittingEmptySubsequences: false).count <= 24)
        try Golden.expect(text, is: "status-well")
    }

    @Test func `P26, P65: problems come first, each with what to do or what was seen last`() throws {
        let text = StatusText(status: Self.ill).rendered(.plain)
        let problems = try #require(text.firstRange(of: "problems"))
        let tables = try #require(text.firstRange(of: "bus     state"))
        #expect(problems.lowerBound < tables.lowerBound)
        try Golden.expect(text, is: "status-problems")
    }

    @Test func `P32: what was learned of a unit is shown with how long it holds`() {
        let text = StatusText(status: Self.ill).rendered(.plain)
        #expect(text.contains("input 70 to 71 is refused (exception 2)"))
        #expect(text.contains("6.7 min"))
    }

    @Test func `a simulated machine is marked in the status`() throws {
        var status = Self.well
        status.buses[0].units[1].simulated = ["saw-meter"]
        let text = StatusText(status: status).rendered(.plain)
        #expect(text.contains("saw-meter (simulated)") && !text.contains("main-meter (simulated)"))
        let data = try JSONEncoder().encode(status)
        #expect(try JSONDecoder().decode(StatusDocument.self, from: data) == status)
    }

    @Test func `the clock of an isolated plant is no problem`() {
        var status = Self.well
        status.agent.clock = "isolated"
        #expect(status.judgedProblems() == [])
    }

    @Test func `the document of the status is read back as it was written`() throws {
        let data = try JSONEncoder().encode(Self.ill)
        #expect(try JSONDecoder().decode(StatusDocument.self, from: data) == Self.ill)
    }

    @Test func `a Sparkplug destination that waits for its host is a problem that says for whom`() {
        var status = Self.well
        status.destinations[0].state = "waiting"
        status.destinations[0].awaitedHost = "ignition"
        #expect(status.judgedProblems().contains { $0.contains("waits for its primary host ignition") })
    }

    @Test func `P86: the problems of a site with a thousand dead units are bounded`() {
        var status = Self.well
        status.buses[0].units = (0..<1_000).map { number in
            Self.unit(UInt8(truncatingIfNeeded: number), "m\(number)", "never-answered")
        }
        #expect(status.judgedProblems().count == StatusDocument.mostProblems + 1)
        #expect(status.judgedProblems().last == "and 800 more")
    }

    @Test func `X10: text from outside is shown without control characters`() {
        var status = Self.well
        status.problems = ["unit 1 says \u{1B}[2J\u{7}hello"]
        #expect(!StatusText(status: status).rendered(.plain).contains("\u{1B}"))
    }

    @Test func `R05, R09, P26: what a serial line lets hear beside good answers is shown, and only that`() throws {
        var status = Self.well
        #expect(!StatusText(status: status).rendered(.plain).contains("heard on"))
        var counters = LinkCounters()
        (counters.answers, counters.questions, counters.openings) = (900, 900, 1)
        #expect(StatusDocument.Heard(counters) == nil)
        (counters.foreignFrames, counters.damaged, counters.echoes) = (12, 1, 900)
        status.buses[0].heard = StatusDocument.Heard(counters)
        let text = StatusText(status: status).rendered(.plain)
        #expect(
            text.contains(
                "heard on meters: 12 foreign frames, 1 damaged answer, 900 echoes of our own taken out\n"), "\(text)")
        let data = try JSONEncoder().encode(status)
        #expect(try JSONDecoder().decode(StatusDocument.self, from: data) == status)
    }
}
