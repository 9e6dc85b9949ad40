import KoppelCore
import Testing

struct WindowLogicTests {
    /// The start of a window of 900 s.
    private static let begin = Timestamp(nanoseconds: 1_800_000_000_000_000_000)
    private static let working = StateRule.MappedState(state: "executing", mode: "processing")

    private static func at(_ seconds: Double) -> Timestamp { begin.advanced(by: .seconds(seconds)) }

    private static func window(
        from seconds: Double = 0, open: MachineWindow? = nil, length: Duration = .seconds(900)
    ) -> WindowLogic {
        WindowLogic(length: length, patience: .seconds(3), now: .zero, time: at(seconds), open: open)
    }

    private static func seconds(_ closed: WindowLogic.Closed?) -> [String: Double] {
        Dictionary(
            (closed?.shares ?? []).map { ("\($0.what.state)/\($0.what.cause ?? "")", Double($0.nanoseconds) / 1e9) },
            uniquingKeysWith: +)
    }

    @Test func `3_8: a window is aligned to UTC, and its shares add up to exactly its length`() throws {
        var logic = Self.window()
        var now = 0.0
        var closed: WindowLogic.Closed?
        while closed == nil {
            now += 0.7
            let what = now < 400 ? Self.working : StateRule.MappedState(state: "notExecuting", cause: "starved")
            closed = logic.answered(at: .seconds(now), Self.at(now), what: what, isKnown: true)
        }
        let window = try #require(closed)
        #expect(window.start == Self.begin)
        #expect(window.end == Self.at(900))
        #expect(window.shares.reduce(0) { $0 + $1.nanoseconds } == 900_000_000_000)
        #expect(window.covered == 900_000_000_000)
        #expect(Self.seconds(window).keys.sorted() == ["executing/", "notExecuting/starved"])
        #expect(logic.start == window.end)
        // What was credited beyond the end is in the next one.
        #expect(logic.open.shares.reduce(0) { $0 + $1.nanoseconds } == Int64((now - 900) * 1e9))
    }

    @Test func `3_8: what lies between answers too far apart is unknown for its communication`() throws {
        var logic = Self.window()
        #expect(logic.answered(at: .seconds(1), Self.at(1), what: Self.working, isKnown: true) == nil)
        #expect(logic.passed(to: .seconds(3), Self.at(3)) == nil)
        #expect(logic.passed(to: .seconds(5), Self.at(5)) == nil)
        #expect(logic.answered(at: .seconds(6), Self.at(6), what: Self.working, isKnown: true) == nil)
        let closed = logic.answered(at: .seconds(900), Self.at(900), what: Self.working, isKnown: true)
        #expect(Self.seconds(closed) == ["executing/": 2, "unknown/communication": 898])
        #expect(closed?.covered == 2_000_000_000)
    }

    @Test func `3_8: a window of a silent machine ends all the same, and says that nothing was known`() throws {
        var logic = Self.window()
        let closed = logic.passed(to: .seconds(901), Self.at(901))
        #expect(Self.seconds(closed) == ["unknown/communication": 900])
        #expect(closed?.covered == 0)
    }

    @Test func `3_8: what passed before the agent started is unknown`() throws {
        var logic = Self.window(from: 300)
        _ = logic.answered(at: .seconds(2), Self.at(302), what: Self.working, isKnown: true)
        let closed = logic.answered(at: .seconds(600), Self.at(900), what: Self.working, isKnown: true)
        #expect(Self.seconds(closed) == ["executing/": 2, "unknown/communication": 598, "unknown/unknown": 300])
    }

    @Test func `3_8: an open window goes on after a restart, and what lay between is unknown`() throws {
        let open = MachineWindow(
            start: Self.begin, end: Self.at(900), isClosed: false,
            shares: [MachineWindow.Share(what: Self.working, nanoseconds: 200_000_000_000)], counts: [], energy: [],
            covered: 200_000_000_000)
        var logic = Self.window(from: 898, open: open)
        _ = logic.answered(at: .seconds(1), Self.at(899), what: Self.working, isKnown: true)
        let closed = logic.answered(at: .seconds(2), Self.at(900), what: Self.working, isKnown: true)
        #expect(Self.seconds(closed) == ["executing/": 202, "unknown/unknown": 698])
        #expect(open.completed.shares.map(\.nanoseconds) == [200_000_000_000, 700_000_000_000])
        #expect(open.completed.isClosed)
        // Of another window nothing goes on.
        #expect(Self.window(from: 901, open: open).open.shares.isEmpty)
    }

    @Test(arguments: [-1_000.0, -600, -30, 30, 600, 5_000, 900_000])
    func `4: a step of the clock makes no negative duration, and no window longer than it is`(step: Double) throws {
        var logic = Self.window()
        var windows: [WindowLogic.Closed] = []
        for second in 1...4_000 {
            let wall = Double(second) + (second > 450 ? step : 0)
            let closed = logic.answered(at: .seconds(second), Self.at(wall), what: Self.working, isKnown: true)
            if let closed { windows.append(closed) }
        }
        #expect(windows.count >= 3)
        for window in windows {
            #expect(window.shares.allSatisfy { $0.nanoseconds > 0 })
            #expect(window.shares.reduce(0) { $0 + $1.nanoseconds } == 900_000_000_000)
            #expect(window.end.nanoseconds - window.start.nanoseconds == 900_000_000_000)
            #expect(window.covered <= 900_000_000_000)
        }
        // Only the window of the step, and its neighbour, may lack something.
        #expect(windows.filter { $0.covered < 900_000_000_000 }.count <= 2)
    }

    @Test func `a window holds no more states than it may, and still adds up`() throws {
        var logic = Self.window()
        for second in 1...899 {
            let what = StateRule.MappedState(state: "executing", sub: "recipe \(second)")
            _ = logic.answered(at: .seconds(second), Self.at(Double(second)), what: what, isKnown: true)
        }
        #expect(logic.open.shares.count <= WindowLogic.maximumShares)
        #expect(logic.open.shares.reduce(0) { $0 + $1.nanoseconds } == 899_000_000_000)
    }
}
