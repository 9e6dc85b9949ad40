import KoppelCore
import Synchronization
import Testing

@testable import KoppelEngine

/// A SunSpec machine on its bus: first the question where its registers are, then its values.
struct LayoutPollingTests {
    /// What the device holds, which a test may change while it runs.
    private final class Registers: Sendable {
        private let words: Mutex<[UInt16: UInt16]>

        init(_ chain: ModelChain?) { words = Mutex(chain?.headers ?? [:]) }

        func set(_ change: (inout [UInt16: UInt16]) -> Void) { words.withLock { change(&$0) } }

        func answer(_ request: ReadRequest) -> ScriptedLink.Answer {
            let words = words.withLock { words in (0..<request.count).map { words[request.start + $0] } }
            let all = words.compactMap(\.self)
            return all.count == words.count ? .holding(all) : .exception(2)
        }
    }

    private static let layout = ModelLayout(models: [.init(ids: [1], length: 66), .init(ids: [103, 101], length: 50)])

    private static func points() throws -> [Point] {
        let inverter = layout.example.models[1].address
        var power = try point("power", at: inverter + 14)
        power.place = ModelPlace(model: 103, offset: 14)
        power.table = .holdingRegister
        return [power]
    }

    private static func make(_ settings: inout MachineSettings) { settings.profile.layout = layout }

    private static func script(_ registers: Registers, lost: Range<Int64> = 0..<0) -> ScriptedLink.Script {
        ScriptedLink.Script(answer: { request, now in
            lost.contains(now.components.seconds) ? (.lost, .zero) : (registers.answer(request), .milliseconds(10))
        })
    }

    @Test func `the models are looked for once, then their values are read where they are`() async throws {
        let chain = ModelChain(base: 0, ids: [(1, 65), (101, 50)])
        let registers = Registers(chain)
        registers.set { $0[83] = 230 }
        let bench = BusBench()
        let link = try await bench.run(
            Self.script(registers), points: Self.points(), change: Self.make, until: .seconds(3.5))
        #expect(link.starts == [40_000, 0, 2, 69, 121, 83, 83, 83, 83])
        #expect(await bench.readings() == ["0:1 good 230"])
        #expect(await bench.gaps() == [])
        #expect(try bench.figures().models == chain)
    }

    @Test func `a device with other models, or none, says nothing good and is looked at again`() async throws {
        let other = BusBench()
        let link = try await other.run(
            Self.script(Registers(ModelChain(base: 0, ids: [(1, 66), (203, 105)]))), points: Self.points(),
            change: Self.make, until: .seconds(5.5))
        #expect(link.starts == [40_000, 0, 2, 70, 177])
        #expect(await other.readings() == ["0:1 configError"])
        #expect(try other.figures().layoutTrouble?.contains("SunSpec model 103") == true)

        let none = BusBench()
        let empty = Registers(nil)
        let again = try await none.run(
            Self.script(empty), points: Self.points(), change: Self.make, until: .seconds(62))
        #expect(again.starts == [40_000, 0, 50_000, 40_000, 0, 50_000])
        #expect(await none.readings().prefix(1) == ["0:1 configError"])
        #expect(try none.figures().layoutTrouble?.contains("no SunSpec marker") == true)
    }

    @Test func `P47: what has to come from one answer, and lies too far apart in this device, is told as a mistake`()
        async throws
    {
        var power = try point("power", at: 40_083, group: "pair")
        power.place = ModelPlace(model: 103, offset: 14)
        var serial = try point("serial", at: 40_050, group: "pair")
        serial.place = ModelPlace(model: 1, offset: 48)
        let energy = try Self.points()[0]
        let bench = BusBench()
        let registers = Registers(ModelChain(base: 0, ids: [(1, 65), (120, 100), (103, 50)]))
        registers.set { $0[185] = 5 }
        var other = energy
        other.signal = try #require(SignalName("test/energy"))
        _ = try await bench.run(
            Self.script(registers), points: [power, serial, other], change: Self.make, until: .seconds(3.5))
        #expect(await bench.readings().sorted() == ["0:1 configError", "1:1 configError", "2:1 good 5"])
        #expect(try bench.figures().layoutTrouble?.contains("needs 136 registers in one request") == true)
    }

    @Test func `after an answer that did not come the models are looked for again, so that nothing wrong looks good`()
        async throws
    {
        let registers = Registers(ModelChain(base: 40_000, ids: [(1, 65), (103, 50)]))
        registers.set { ($0[40_083], $0[40_084]) = (230, 999) }
        let bench = BusBench()
        let script = ScriptedLink.Script(answer: { request, now in
            // While it is silent it gets another edition, in which everything lies one register further.
            guard now >= .seconds(2) else { return (registers.answer(request), .milliseconds(10)) }
            registers.set { words in
                words = ModelChain(base: 40_000, ids: [(1, 66), (103, 50)]).headers
                (words[40_083], words[40_084]) = (999, 231)
            }
            return now < .seconds(4) ? (.lost, .zero) : (registers.answer(request), .milliseconds(10))
        })
        _ = try await bench.run(script, points: Self.points(), change: Self.make, until: .seconds(30))
        let readings = await bench.readings()
        #expect(!readings.contains { $0.contains("999") }, "\(readings)")
        #expect(
            readings.contains { $0.hasSuffix("good 230") } && readings.last?.hasSuffix("good 231") == true,
            "\(readings)")
    }

    @Test func `over a new connection nothing is believed before the models were found where they were`() async throws {
        let registers = Registers(ModelChain(base: 40_000, ids: [(1, 65), (103, 50)]))
        registers.set { ($0[40_083], $0[40_084]) = (230, 999) }
        let bench = BusBench()
        // The device ends a connection on which nothing is asked, and the next question makes a new one: no error tells.
        let script = ScriptedLink.Script(
            answer: { request, now in
                if now >= .seconds(2) {
                    registers.set { words in
                        words = ModelChain(base: 40_000, ids: [(1, 66), (103, 50)]).headers
                        (words[40_083], words[40_084]) = (999, 231)
                    }
                }
                return (registers.answer(request), .milliseconds(10))
            }, connection: { $0 < .seconds(2) ? 1 : 2 })
        _ = try await bench.run(script, points: Self.points(), change: Self.make, until: .seconds(6))
        #expect(await bench.readings() == ["0:1 good 230", "0:2 decodeError", "0:3 good 231"])
    }

    @Test func `what is read behind a lost answer in one turn is not believed either before the models were found`()
        async throws
    {
        let registers = Registers(ModelChain(base: 40_000, ids: [(1, 65), (103, 50)]))
        registers.set { ($0[40_083], $0[40_107], $0[40_108]) = (230, 4, 999) }
        let bench = BusBench()
        let script = ScriptedLink.Script(answer: { request, now in
            guard now >= .seconds(2) else { return (registers.answer(request), .milliseconds(10)) }
            registers.set { words in
                words = ModelChain(base: 40_000, ids: [(1, 66), (103, 50)]).headers
                (words[40_084], words[40_107], words[40_108]) = (231, 999, 5)
            }
            return now < .seconds(2.05) ? (.lost, .zero) : (registers.answer(request), .milliseconds(10))
        })
        var state = try Self.points()[0]
        state.signal = try #require(SignalName("status/state"))
        state.address += 24
        state.place = ModelPlace(model: 103, offset: 38)
        _ = try await bench.run(
            script, points: Self.points() + [state], polling: PollingRules(retries: 0), timeout: .milliseconds(100),
            change: {
                Self.make(&$0)
                $0.profile.limits.registersPerRequest = 2
            }, until: .seconds(12))
        let readings = await bench.readings()
        #expect(!readings.contains { $0.contains("999") }, "\(readings)")
        #expect(readings.contains { $0.hasSuffix("good 231") }, "\(readings)")
        #expect(readings.contains { $0.hasSuffix("good 5") }, "\(readings)")
    }

    @Test func `a connection that is renewed in the middle of the models begins them again: no place of two walks`()
        async throws
    {
        let registers = Registers(ModelChain(base: 40_000, ids: [(1, 65), (103, 50)]))
        registers.set { $0[40_083] = 230 }
        let bench = BusBench()
        // Marker and first model come from one edition. In the other one the register where the next model stood holds
        // a number that passes for a model.
        let script = ScriptedLink.Script(
            answer: { request, now in
                if now >= .milliseconds(15) {
                    registers.set { words in
                        words = ModelChain(base: 40_000, ids: [(1, 66), (103, 50)]).headers
                        (words[40_069], words[40_083], words[40_084]) = (103, 999, 231)
                    }
                }
                return (registers.answer(request), .milliseconds(10))
            }, connection: { $0 < .milliseconds(15) ? 1 : 2 })
        let link = try await bench.run(script, points: Self.points(), change: Self.make, until: .seconds(3.5))
        #expect(link.starts.prefix(7) == [40_000, 40_002, 40_069, 40_000, 40_002, 40_070, 40_122])
        #expect(link.starts.dropFirst(7).allSatisfy { $0 == 40_084 })
        #expect(await bench.readings() == ["0:1 good 231"])
    }

    @Test func `values are not believed for models that were found over yet another connection`() async throws {
        let registers = Registers(ModelChain(base: 40_000, ids: [(1, 65), (103, 50)]))
        registers.set { ($0[40_083], $0[40_084]) = (230, 999) }
        let bench = BusBench()
        // Just while the values are read everything lies one register further; the models are where they were again.
        let away = Duration.seconds(2) ..< .seconds(2.005)
        let script = ScriptedLink.Script(
            answer: { request, now in
                registers.set { words in
                    let isAway = away.contains(now)
                    words = ModelChain(base: 40_000, ids: [(1, isAway ? 66 : 65), (103, 50)]).headers
                    (words[40_083], words[40_084]) = isAway ? (999, 230) : (230, 999)
                }
                return (registers.answer(request), .milliseconds(10))
            }, connection: { $0 < away.lowerBound ? 1 : $0 < away.upperBound ? 2 : 3 })
        _ = try await bench.run(script, points: Self.points(), change: Self.make, until: .seconds(4.5))
        #expect(await bench.readings() == ["0:1 good 230", "0:2 decodeError", "0:3 good 230"])
    }

    @Test func `a device that ends its connection behind each answer is told so, and keeps nobody waiting`()
        async throws
    {
        let registers = Registers(ModelChain(base: 40_000, ids: [(1, 66), (103, 50)]))
        registers.set { $0[40_084] = 230 }
        let bench = BusBench()
        let script = ScriptedLink.Script(
            answer: { request, _ in (registers.answer(request), .milliseconds(10)) },
            connection: { Int($0 / .milliseconds(5)) })
        let link = try await bench.run(script, points: Self.points(), change: Self.make, until: .seconds(62))
        #expect(await bench.readings().prefix(1) == ["0:1 configError"])
        #expect(await !bench.readings().contains { $0.contains("good") })
        #expect(link.starts.count == 12, "three walks that break off, and three more after a minute")
        #expect(try bench.figures().layoutTrouble?.contains("ends its connection") == true)
    }

    @Test func `a chain without a mark of the end is looked at again soon, since a refusal may have cut it short`()
        async throws
    {
        var chain = ModelChain(base: 40_000, ids: [(1, 66)])
        chain.isClosed = false
        let registers = Registers(chain)
        let bench = BusBench()
        let script = ScriptedLink.Script(answer: { request, now in
            if now >= .seconds(1) {
                registers.set { words in
                    words = ModelChain(base: 40_000, ids: [(1, 66), (103, 50)]).headers
                    words[40_084] = 230
                }
            }
            return (registers.answer(request), .milliseconds(10))
        })
        _ = try await bench.run(script, points: Self.points(), change: Self.make, until: .seconds(63))
        let readings = await bench.readings()
        #expect(readings.first == "0:1 configError" && readings.last?.hasSuffix("good 230") == true, "\(readings)")
    }

    @Test func `a new connection to the same device costs the questions for its models and no reading`() async throws {
        let registers = Registers(ModelChain(base: 0, ids: [(1, 65), (101, 50)]))
        registers.set { $0[83] = 230 }
        let bench = BusBench()
        let script = ScriptedLink.Script(
            answer: { request, _ in (registers.answer(request), .milliseconds(10)) },
            connection: { $0 < .seconds(2) ? 1 : 2 })
        let link = try await bench.run(script, points: Self.points(), change: Self.make, until: .seconds(3.5))
        #expect(link.starts == [40_000, 0, 2, 69, 121, 83, 83, 83, 0, 2, 69, 121, 83])
        #expect(await bench.readings() == ["0:1 good 230"])
        #expect(await bench.gaps() == [])
    }

    @Test func `a signal whose question for the models fails fails with it, for the same reason`() async throws {
        let bench = BusBench()
        _ = try await bench.run(
            Self.script(Registers(nil), lost: 0..<100), points: Self.points(), change: Self.make, until: .seconds(2.5))
        #expect(await bench.readings().prefix(1) == ["0:1 timeout"])
    }

    @Test func `a busy device is left alone before its models are known too`() async throws {
        let chain = ModelChain(base: 40_000, ids: [(1, 66), (103, 50)])
        let registers = Registers(chain)
        registers.set { $0[40_084] = 230 }
        let bench = BusBench()
        let script = ScriptedLink.Script(answer: { request, now in
            now < .seconds(2) ? (.exception(6), .milliseconds(10)) : (registers.answer(request), .milliseconds(10))
        })
        _ = try await bench.run(script, points: Self.points(), change: Self.make, until: .seconds(20))
        let readings = await bench.readings()
        #expect(readings.prefix(1) == ["0:1 busy"])
        #expect(readings.last?.hasSuffix("good 230") == true)
    }

    @Test func `what is read is looked at again now and then, though nothing failed`() async throws {
        let registers = Registers(ModelChain(base: 0, ids: [(1, 65), (101, 50)]))
        registers.set { $0[83] = 230 }
        let bench = BusBench()
        let link = try await bench.run(
            Self.script(registers), interval: .seconds(60), points: Self.points(), change: Self.make,
            until: .seconds(665))
        #expect(link.starts.filter { $0 == 0 }.count == 2)
        #expect(link.starts.filter { $0 == 40_000 }.count == 1, "the known place is asked first")
    }
}
