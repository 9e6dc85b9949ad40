import KoppelCore
import KoppelTestKit
import Testing

/// How the SunSpec models of a unit are found.
struct ChainWalkTests {
    /// A unit that refuses whatever it does not have.
    private struct Unit {
        var registers: [UInt16: UInt16]
        /// Places it says nothing about, in place of a refusal.
        var silent: Set<UInt16> = []
        var asked: [UInt16] = []
        /// The exception code of its refusals.
        var refusal: UInt8 = 2

        init(_ chain: ModelChain) { registers = chain.headers }
        init(_ registers: [UInt16: UInt16] = [:]) { self.registers = registers }

        mutating func walk(base: UInt16? = nil) -> ChainWalk.Result? {
            var walk = ChainWalk(unit: UnitID(1), base: base)
            while let question = walk.question, asked.count < 200 {
                asked.append(question.start)
                if silent.contains(question.start) {
                    walk.unanswered()
                    continue
                }
                let words = (0..<question.count).compactMap { registers[question.start + $0] }
                walk.answered(
                    words.count == question.count ? .words(words) : .exception(ModbusException(code: refusal)))
            }
            return walk.result
        }
    }

    @Test(arguments: [UInt16(0), 40_000, 50_000])
    func `the marker is found at each of its three places`(base: UInt16) {
        let chain = ModelChain(base: base, ids: [(1, 66), (103, 50), (160, 48)])
        var unit = Unit(chain)
        #expect(unit.walk() == .found(chain))
        #expect(chain.isClosed && chain.end == Int(base) + 2 + 68 + 52 + 50)
    }

    @Test func `a model 1 of 65 registers moves everything behind it by one`() throws {
        var unit = Unit(ModelChain(base: 40_000, ids: [(1, 65), (101, 50)]))
        guard case .found(let chain) = unit.walk() else {
            Issue.record("no chain")
            return
        }
        #expect(chain.models.map(\.address) == [40_002, 40_069])
        #expect("\(chain)" == "SunSpec at 40000: model 1 at 40002 (65), 101 at 40069 (50)")
    }

    @Test func `models nobody knows are passed over, and where the chain stood before is looked at first`() {
        let chain = ModelChain(base: 50_000, ids: [(1, 66), (64_110, 200), (113, 60), (65_000, 1)])
        var unit = Unit(chain)
        #expect(unit.walk(base: 50_000) == .found(chain))
        #expect(unit.asked == [50_000, 50_002, 50_070, 50_272, 50_334, 50_337])
    }

    @Test(arguments: [[UInt16](), [0, 0], [0]])
    func `a chain that nobody ended ends where nothing stands behind it`(behind: [UInt16]) {
        var chain = ModelChain(base: 0, ids: [(1, 66), (203, 105)])
        chain.isClosed = false
        var unit = Unit(chain)
        for (offset, word) in behind.enumerated() { unit.registers[UInt16(chain.end + offset)] = word }
        #expect(unit.walk() == .found(chain))
    }

    @Test func `a device without the marker is none`() {
        var empty = Unit()
        #expect(empty.walk() == .noMarker)
        #expect(empty.asked == [40_000, 0, 50_000])
        var other = Unit([0: 0x5375, 1: 0x6E54, 40_000: 0, 40_001: 0])
        #expect(other.walk() == .noMarker)
    }

    @Test func `a device that is silent where it has no registers is found all the same`() {
        let chain = ModelChain(base: 0, ids: [(1, 66), (103, 50)])
        var unit = Unit(chain)
        unit.silent = [40_000, 50_000]
        #expect(unit.walk() == .found(chain))
    }

    @Test func `silence is no answer: the usual place is asked again before the device is called another one`() {
        var walk = ChainWalk(unit: UnitID(1))
        walk.unanswered()
        for place in [UInt16(0), 50_000] {
            #expect(walk.question?.start == place)
            walk.answered(.exception(ModbusException(code: 2)))
        }
        #expect(walk.result == nil && walk.question?.start == 40_000)
    }

    @Test func `silence in the middle begins the chain again, since another device may answer next`() {
        var walk = ChainWalk(unit: UnitID(1))
        walk.answered(.words(ModelChain.marker))
        walk.answered(.words([1, 66]))
        #expect(walk.question?.start == 40_070)
        walk.unanswered()
        #expect(walk.question?.start == 40_000)
        #expect(walk.result == nil)
    }

    @Test func `it ends: models of no length, and a length that leads out of the address space`() {
        var endless = Unit([40_000: 0x5375, 40_001: 0x6E53])
        for address in stride(from: UInt16(40_002), to: 41_000, by: 2) {
            (endless.registers[address], endless.registers[address + 1]) = (9, 0)
        }
        guard case .found(let chain) = endless.walk() else {
            Issue.record("no chain")
            return
        }
        #expect(chain.models.count == ModelChain.mostModels)
        var long = Unit([40_000: 0x5375, 40_001: 0x6E53, 40_002: 1, 40_003: 0xFFFF])
        #expect(long.walk() == .found(ModelChain(base: 40_000, models: [], isClosed: false)))
    }

    @Test func `a model may reach to the last register, and one that would reach further is none`() {
        let last = UInt16(65_535 - 40_003)
        for (length, count) in [(last, 1), (last + 1, 0)] {
            var unit = Unit([40_000: 0x5375, 40_001: 0x6E53, 40_002: 9, 40_003: length])
            guard case .found(let chain) = unit.walk() else {
                Issue.record("no chain")
                return
            }
            #expect(chain.models.count == count && !chain.isClosed)
            #expect(chain.span.addresses == 40_000...(count == 1 ? 65_535 : 40_001))
        }
    }

    @Test func `a model of no length is passed over, and what follows is where it is`() {
        let chain = ModelChain(base: 0, ids: [(1, 66), (64_001, 0), (103, 0), (203, 105)])
        var unit = Unit(chain)
        #expect(unit.walk() == .found(chain))
        #expect(chain.models.map(\.address) == [2, 70, 72, 74])
    }

    @Test(arguments: [UInt8(1), 2, 3, 4])
    func `a chain ends where the device refuses, whatever it calls that`(exception: UInt8) {
        var chain = ModelChain(base: 40_000, ids: [(1, 66), (103, 50)])
        chain.isClosed = false
        var unit = Unit(chain)
        unit.refusal = exception
        #expect(unit.walk() == .found(chain))
        #expect(unit.asked == [40_000, 40_002, 40_070, 40_122])
    }

    @Test func `any chain is found as it is, with a question for each model`() {
        var numbers = SeededGenerator(seed: 160)
        for _ in 0..<300 {
            let ids = (0..<Int.random(in: 1...12, using: &numbers)).map { _ in
                (
                    id: UInt16.random(in: 1...0xFFFE, using: &numbers),
                    length: UInt16.random(in: 1...300, using: &numbers)
                )
            }
            let chain = ModelChain(base: ChainWalk.bases.randomElement(using: &numbers) ?? 0, ids: ids)
            var unit = Unit(chain)
            #expect(unit.walk() == .found(chain))
            #expect(unit.asked.count <= 3 + ids.count + 1)
            #expect(Int(chain.span.addresses.upperBound) == chain.end + 1)
        }
    }

    @Test func `each device begins with a model 1`() {
        let chain = ModelChain(base: 40_000, ids: [(1, 65), (103, 50), (1, 65), (203, 105), (1, 65), (203, 105)])
        #expect(chain.devices.map { $0.map(\.id) } == [[1, 103], [1, 203], [1, 203]])
    }
}
