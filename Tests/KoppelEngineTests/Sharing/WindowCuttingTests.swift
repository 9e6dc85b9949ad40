import KoppelCore
import KoppelTestKit
import Testing

@testable import KoppelEngine

/// Windows out of the journal: what they are made of, what is missing in them, and that a crash changes none.
struct WindowCuttingTests {
    private func cutting(_ policy: SharingPolicy = SharingBench.policy(), machines: Int = 1) throws -> WindowCutting {
        let view = SharingBench.view(policy, machines: (0..<machines).map { SharingBench.machine($0) })
        return try #require(
            WindowCutting(
                view: view, progress: WindowProgress(journalEpoch: 7, position: 0, length: 10_000_000_000)))
    }

    /// One record a second with the second as its value.
    private func seconds(_ range: Range<Int>, machine: Int = 0, from position: Int64 = 1) -> [StoredRecord] {
        range.enumerated().map { index, second in
            SharingBench.record(
                position + Int64(index), machine: machine, [SharingBench.reading(at: Double(second), Double(second))])
        }
    }

    private func values(_ figures: [WindowFigures]) -> [[Double?]] { figures.map { $0.rows.map(\.value) } }

    @Test func `a window holds the figures of its readings, each standing until the next`() throws {
        var cutting = try cutting()
        cutting.take(seconds(0..<12))
        #expect(!cutting.isClosable(wall: SharingBench.at(100), isDrained: false))
        cutting.take(seconds(12..<24, from: 13))
        try #require(cutting.isClosable(wall: SharingBench.at(100), isDrained: false))
        let first = cutting.close(isBuffered: false)
        #expect(values(first) == [[4.5, 9, 10]])
        #expect(first.first?.start == SharingBench.at(0))
        #expect(first.first?.seq == UInt64(SharingBench.start / 10))
        #expect(first.first?.rows.map(\.statusCode) == [0, 0, 0])
        try #require(cutting.isClosable(wall: SharingBench.at(100), isDrained: false))
        #expect(values(cutting.close(isBuffered: false)) == [[14.5, 19, 10]])
        #expect(!cutting.isClosable(wall: SharingBench.at(100), isDrained: false))
    }

    @Test func `the cursor stays before the first record of a window that is not done`() throws {
        var cutting = try cutting()
        // Machine 0 is ahead of machine 1 in the journal.
        cutting.take(seconds(0..<13))
        #expect(cutting.progress.position == 0)
        _ = cutting.close(isBuffered: false)
        #expect(cutting.progress.position == 10)
        #expect(cutting.progress.closedAt == 13)
        #expect(cutting.progress.closedUntil == SharingBench.at(10).nanoseconds)
    }

    @Test func `a value that is not told again holds on, and the mean of the window says so`() throws {
        var cutting = try cutting()
        cutting.take([SharingBench.record(1, [SharingBench.reading(at: 2, 100)])])
        cutting.take([SharingBench.record(2, [SharingBench.reading(at: 15, 200)])])
        let first = cutting.close(isBuffered: false)
        // Eight of ten seconds are known: enough for a share of 0.8.
        #expect(first.first?.rows.map(\.value) == [100, 100, 1])
        #expect(first.first?.rows.first?.statusCode == 0)
        let second = cutting.close(isBuffered: false)
        #expect(second.first?.rows.map(\.value) == [150, 200, 1])
    }

    @Test func `row 32: a window with too little known is uncertain, and one without data is bad`() throws {
        var cutting = try cutting()
        cutting.take([SharingBench.record(1, [SharingBench.reading(at: 5, 100)])])
        let first = cutting.close(isBuffered: false)
        #expect(first.first?.rows.map(\.statusCode).first == 0x40A4_0000)
        var silent = try self.cutting()
        silent.take([SharingBench.record(1, [SharingBench.reading(at: 5, nil, .timeout)])])
        let bad = silent.close(isBuffered: false)
        #expect(bad.first?.rows.map(\.value) == [nil, nil, nil])
        #expect(bad.first?.rows.map(\.statusCode) == [0x809B_0000, 0x809B_0000, 0x809B_0000])
    }

    @Test func `a gap ends what a value holds, and is declared in whole windows`() throws {
        var cutting = try cutting()
        cutting.take(seconds(0..<5))
        // The agent was killed after second 4 and was back in second 8.
        let gap = SharingBench.gap(from: 5, to: 7)
        cutting.take([SharingBench.record(6, [SharingBench.reading(at: 8, 8)], gaps: [gap])])
        let figures = cutting.close(isBuffered: false)
        let mean = try #require(figures.first?.rows.first?.value)
        // 0, 1, 2, 3, 4 for a second each, and 8 for two.
        #expect(abs(mean - 26.0 / 7) < 1e-12)
        #expect(figures.first?.rows.first?.statusCode == 0x40A4_0000)
        let missing = try #require(figures.first?.missing.first)
        #expect(missing.from == SharingBench.at(0))
        #expect(missing.to == SharingBench.at(10))
        #expect(missing.lost == 5)
        #expect(missing.reason == "agent-crashed")
    }

    @Test func `a gap of a later window does not take what holds into that window`() throws {
        var cutting = try cutting()
        cutting.take(seconds(0..<10))
        let gap = SharingBench.gap(from: 12, to: 13)
        cutting.take([SharingBench.record(11, [SharingBench.reading(at: 14, 14)], gaps: [gap])])
        cutting.take(seconds(15..<24, from: 12))
        _ = cutting.close(isBuffered: false)
        let mean = try #require(cutting.close(isBuffered: false).first?.rows.first?.value)
        // 9 for two seconds, and 14 to 19 for a second each.
        #expect(abs(mean - (18.0 + 99) / 8) < 1e-12)
    }

    @Test func `windows in which nobody read anything are declared with the next one`() throws {
        var cutting = try cutting()
        cutting.take(seconds(0..<5))
        let gap = SharingBench.gap(from: 5, to: 62, lost: 57)
        cutting.take([SharingBench.record(6, [SharingBench.reading(at: 62, 62)], gaps: [gap])])
        cutting.take(seconds(63..<75, from: 7))
        var sent: [WindowFigures] = []
        while cutting.isClosable(wall: SharingBench.at(200), isDrained: false) {
            sent += cutting.close(isBuffered: true)
        }
        #expect(sent.map(\.start) == [SharingBench.at(0), SharingBench.at(60)])
        let missing = try #require(sent.last?.missing)
        #expect(
            missing.contains {
                $0.reason == "no-data" && $0.from == SharingBench.at(10) && $0.to == SharingBench.at(60) && $0.lost == 5
            })
        #expect(missing.contains { $0.reason == "agent-crashed" && $0.lost == 57 })
    }

    @Test func `a value does not hold longer than its signal may be silent`() throws {
        var cutting = try cutting(machines: 2)
        cutting.take(seconds(0..<5))
        // The other machine goes on for three minutes; a heartbeat and the bad age are 90 seconds.
        cutting.take(seconds(0..<180, machine: 1, from: 6))
        var sent: [WindowFigures] = []
        while cutting.isClosable(wall: SharingBench.at(180), isDrained: false) {
            sent += cutting.close(isBuffered: true)
        }
        let own = sent.filter { $0.machine == MachineNumber(rawValue: 0) }
        #expect(own.count == 17)
        #expect(own.filter { $0.rows.first?.value != nil }.count == 10)
    }

    @Test func `a reading that comes after its window is declared and changes nothing`() throws {
        var cutting = try cutting()
        cutting.take(seconds(0..<13))
        _ = cutting.close(isBuffered: false)
        cutting.take([SharingBench.record(14, [SharingBench.reading(at: 4, 1_000)])])
        cutting.take(seconds(13..<24, from: 15))
        let second = cutting.close(isBuffered: false)
        #expect(values(second) == [[14.5, 19, 10]])
        #expect(second.first?.missing.map(\.reason) == ["late"])
    }

    @Test func `nothing leaves of windows that the policy does not cover`() throws {
        var cutting = try cutting(SharingBench.policy(from: 10, until: 30))
        cutting.take(seconds(0..<45))
        var sent: [WindowFigures] = []
        while cutting.isClosable(wall: SharingBench.at(200), isDrained: true) {
            sent += cutting.close(isBuffered: true)
            if cutting.openUntil.map({ $0 > SharingBench.at(60) }) ?? true { break }
        }
        #expect(sent.map(\.start) == [SharingBench.at(10), SharingBench.at(20)])
    }

    /// Random records, cut into random stretches and broken off at random moments: the windows are always the same.
    @Test(arguments: 0..<40)
    func `A02: a crash repeats the same windows with the same numbers, and neither loses nor changes one`(seed: UInt64)
        throws
    {
        var random = SeededGenerator(seed: seed)
        var records: [StoredRecord] = []
        var clock = 0.0
        for position in 1...300 {
            clock += Double.random(in: 0...2, using: &random)
            let machine = Int.random(in: 0...1, using: &random)
            // One machine in three is read a little late, and one record in ten declares a gap.
            let time =
                clock - (Int.random(in: 0...2, using: &random) == 0 ? Double.random(in: 0...1.5, using: &random) : 0)
            let reading = SharingBench.reading(
                at: time, Int.random(in: 0...9, using: &random) == 0 ? nil : Double(position),
                position % 7 == 0 ? .timeout : .good)
            let gaps = Int.random(in: 0...9, using: &random) == 0 ? [SharingBench.gap(from: time - 1, to: time)] : []
            records.append(SharingBench.record(Int64(position), machine: machine, [reading], gaps: gaps))
        }
        let wall = SharingBench.at(clock + 100)
        var sent: [UInt64: [WindowFigures]] = [:]
        var kept = WindowProgress(journalEpoch: 7, position: 0, length: 10_000_000_000)
        let view = SharingBench.view(
            SharingBench.policy(), machines: [SharingBench.machine(0), SharingBench.machine(1)])
        var runs = 0
        var isDone = false
        while !isDone {
            runs += 1
            try #require(runs < 400)
            var cutting = try #require(WindowCutting(view: view, progress: kept))
            var position = Int(kept.position)
            if let closing = kept.closing {
                cutting.take(Array(records[position..<Int(closing.position)]))
                position = Int(closing.position)
                while let end = cutting.openUntil, end.nanoseconds <= closing.end {
                    note(cutting.close(isBuffered: false), in: &sent)
                    kept = cutting.progress
                }
            }
            var isBroken = false
            while !isBroken, !isDone {
                let end = min(records.count, position + Int.random(in: 1...40, using: &random))
                let stretch = Array(records[position..<end])
                position = end
                cutting.take(stretch)
                while !isBroken, cutting.isClosable(wall: wall, isDrained: stretch.isEmpty) {
                    if stretch.isEmpty, cutting.openUntil.map({ $0 > SharingBench.at(clock + 10) }) ?? true {
                        isDone = true
                        break
                    }
                    kept = try #require(cutting.closing)
                    // Before it is sent, after it is sent, or not at all.
                    let luck = Int.random(in: 0...5, using: &random)
                    if luck == 0 { isBroken = true; break }
                    note(cutting.close(isBuffered: false), in: &sent)
                    if luck == 1 { isBroken = true; break }
                    kept = cutting.progress
                }
            }
        }
        // The same without any crash and in one stretch.
        var whole = try #require(
            WindowCutting(view: view, progress: WindowProgress(journalEpoch: 7, position: 0, length: 10_000_000_000)))
        whole.take(records)
        var numbers: [UInt64] = []
        while whole.isClosable(wall: wall, isDrained: true),
            whole.openUntil.map({ $0 <= SharingBench.at(clock + 10) }) ?? false
        {
            numbers += whole.close(isBuffered: false).map(\.seq)
        }
        #expect(Set(numbers) == Set(sent.keys))
    }

    private func note(_ figures: [WindowFigures], in sent: inout [UInt64: [WindowFigures]]) {
        guard let seq = figures.first?.seq else { return }
        if let before = sent[seq] { #expect(before == figures, "window \(seq) changed") }
        sent[seq] = figures
    }
}
