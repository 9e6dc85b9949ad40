import KoppelCore
import KoppelTestKit
import Testing

@testable import KoppelEngine

/// Whatever happens: nothing is lost without being declared, and nothing is good that was not read.
struct PollingPropertyTests {
    private struct Truth: Hashable {
        let signal: UInt16
        let time: Timestamp
        let value: Value?
    }

    /// The journal as polling sees it.
    private struct Disk {
        var memories = Array(repeating: SignalMemory(), count: 4)
        var stored = [UInt64](repeating: 0, count: 4)
        var declared = [UInt64](repeating: 0, count: 4)
        var lastAlive: Timestamp?

        mutating func store(_ record: SweepRecord) {
            for reading in record.readings {
                let signal = Int(reading.signal.rawValue)
                #expect(reading.seq > memories[signal].seq, "seq rises")
                memories[signal].seq = reading.seq
                memories[signal].time = reading.time
                stored[signal] += 1
                if let value = reading.value {
                    memories[signal].value = value
                    memories[signal].valueTime = reading.time
                }
            }
            for gap in record.gaps {
                #expect(gap.from <= gap.to)
                #expect(gap.lost > 0)
                declared[Int(gap.signal.rawValue)] += gap.lost
            }
            for signal in memories.indices {
                #expect(memories[signal].seq - stored[signal] <= declared[signal], "each missing seq is declared")
            }
            lastAlive = record.readings.map(\.time).max()
        }
    }

    private static func points() throws -> [Point] {
        var a = try point("a", at: 0)
        a.sampling.deadband = 1
        return [
            a, try counterPoint("n", at: 1), try point("helper", at: 2, published: false),
            try point("slow", .inputRegister, at: 0, every: .seconds(5)),
        ]
    }

    @Test(arguments: 0..<60)
    func `for any story of answers, failures, missed slots, refused stores and restarts`(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var disk = Disk()
        var truths: Set<Truth> = []
        var bench = try PollingBench(try Self.points())
        // What was lost in this run and is not declared yet, by signal.
        var owed = [UInt64](repeating: 0, count: 4)
        var diskIsFull = false

        func take(_ swept: SweptRecord?, mustSucceed: Bool = false) {
            guard let swept else { return }
            for reading in swept.record.readings {
                #expect((reading.value == nil) == (reading.condition.quality == .bad))
                guard reading.condition == .good else { continue }
                let isTotal = reading.signal.rawValue == 2
                let signal = isTotal ? 1 : reading.signal.rawValue
                #expect(
                    truths.contains {
                        $0.signal == signal && $0.time == reading.time && (isTotal || $0.value == reading.value)
                    }, "what is good was read")
            }
            #expect(swept.momentary.allSatisfy { swept.record.readings[$0].condition.quality == .bad })
            if diskIsFull, !mustSucceed {
                for reading in swept.record.readings { owed[Int(reading.signal.rawValue)] += 1 }
                bench.machine.couldNotStore(swept.record)
            } else {
                let before = disk.declared
                disk.store(swept.record)
                for signal in owed.indices {
                    #expect(disk.declared[signal] - before[signal] == owed[signal], "exactly what was lost")
                    owed[signal] = 0
                }
            }
        }

        func restart(_ end: JournalHistory.LastEnd) throws {
            let (now, registers, step) = (bench.now, bench.registers, bench.wallStep)
            bench = try PollingBench(try Self.points(), memories: disk.memories)
            (bench.now, bench.registers, bench.wallStep) = (now + .seconds(3), registers, step)
            let opening = bench.open(end, lastAlive: disk.lastAlive)
            owed = [0, 0, 0, 0]
            for gap in opening?.record.gaps ?? [] { owed[Int(gap.signal.rawValue)] = gap.lost }
            diskIsFull = false
            take(opening)
        }

        take(bench.open())
        for _ in 0..<400 {
            switch Int.random(in: 0..<100, using: &random) {
            case 0: try restart(.crashed)
            case 1:
                bench.machine.close(now: bench.now, time: bench.time)
                take(bench.machine.takeRecord(clock: .synchronised), mustSucceed: true)
                #expect(owed == [0, 0, 0, 0], "nothing is left to declare after an orderly stop")
                try restart(.stopped)
            case 2...6: diskIsFull.toggle()
            case 7: bench.wallStep += .seconds(Int.random(in: -100...100, using: &random))
            case 8...15: bench.registers[0] = UInt16.random(in: 0...5, using: &random)
            case 16...18: bench.registers[1] = 0
            default: bench.registers[1, default: 0] &+= UInt16.random(in: 0...9, using: &random)
            }
            let due = [[0], [0], [0], [1], [0, 1]].randomElement(using: &random) ?? [0]
            for group in due where Int.random(in: 0..<10, using: &random) == 0 {
                let count = Int.random(in: 1...4, using: &random)
                bench.machine.missed(count, of: group, from: bench.time, to: bench.time)
                for signal in group == 0 ? [0, 1, 2] : [3] { owed[signal] += UInt64(count) }
            }
            bench.now += .milliseconds(Int.random(in: 10...4_000, using: &random))
            for read in bench.machine.plan(due) {
                switch Int.random(in: 0..<8, using: &random) {
                case 0:
                    bench.give(
                        .fails([.timeout, .frameError, .connectionRefused].randomElement(using: &random) ?? .timeout),
                        to: read)
                case 1: bench.give(.exception(UInt8.random(in: 1...12, using: &random)), to: read)
                default:
                    let isSlow = read.plan.request.table == .inputRegister
                    for (signal, address) in isSlow ? [(3, 0)] : [(0, 0), (1, 1)] as [(UInt16, UInt16)] {
                        truths.insert(
                            Truth(
                                signal: signal, time: bench.time, value: .uint(UInt64(bench.registers[address] ?? 0))))
                    }
                    bench.give(.answers, to: read)
                }
            }
            bench.machine.tick(due, now: bench.now, time: bench.time)
            take(bench.machine.takeRecord(clock: .synchronised))
        }
    }
}
