import KoppelCore
import KoppelTestKit

/// Random history of a machine, as wild as the port allows.
struct RandomRecords {
    private(set) var rng: SeededGenerator
    private var seq: [UInt16: UInt64] = [:]
    private var clock = Fixtures.moment.nanoseconds

    init(seed: UInt64) { rng = SeededGenerator(seed: seed) }

    /// Records of one machine; some signals are not described, times go back now and then, and seq jumps.
    mutating func records(of machine: MachineDescription) -> [StoredRecord] {
        (0..<Int.random(in: 1...12, using: &rng)).map { position in
            var readings: [Reading] = []
            for _ in 0..<Int.random(in: 1...20, using: &rng) {
                let number = UInt16.random(in: 0...6, using: &rng)
                readings.append(reading(number, type: machine.signals.first { $0.number.rawValue == number }?.dataType))
            }
            return Fixtures.stored(readings, of: machine, gaps: gaps(), at: Int64(position + 1))
        }
    }

    private mutating func reading(_ number: UInt16, type: DataType?) -> Reading {
        if chance(3) { clock += Int64.random(in: 0...2_000_000_000, using: &rng) }
        let time = chance(10) ? clock - Int64.random(in: 0...90_000_000_000, using: &rng) : clock
        let step: UInt64 = chance(15) ? 3 : 1
        seq[number, default: 0] += step
        let condition = chance(3) ? Condition.allCases.randomElement(using: &rng) ?? .good : .good
        return Reading(
            signal: SignalNumber(rawValue: number), condition: condition, seq: seq[number, default: 1],
            time: Timestamp(nanoseconds: time), value: condition.quality == .bad ? nil : value(type ?? .float))
    }

    private mutating func value(_ type: DataType) -> Value {
        switch type {
        case .boolean: .bool(.random(using: &rng))
        case .float:
            chance(2)
                ? .float(Float(Int.random(in: -9_999...9_999, using: &rng)) / 10)
                : .float(.random(in: -1e6...1e6, using: &rng))
        case .double:
            chance(2)
                ? .double(Double(Int.random(in: -999_999...999_999, using: &rng)) / 1_000)
                : .double(.random(in: -1e9...1e9, using: &rng))
        case .string, .dateTime:
            .text(String((0..<4).map { _ in "a\"\\\n\u{1F600}é/".randomElement(using: &rng) ?? "x" }))
        case .sbyte, .int16, .int32, .int64:
            .int(Int64.random(in: .min ... .max, using: &rng) >> Int64.random(in: 0...63, using: &rng))
        case .byte, .uint16: .uint(.random(in: 0...255, using: &rng))
        case .uint32, .uint64: .uint(rng.next() >> UInt64.random(in: 0...63, using: &rng))
        }
    }

    private mutating func gaps() -> [Gap] {
        guard chance(3) else { return [] }
        return (0..<Int.random(in: 1...3, using: &rng)).map { _ in
            Gap(
                signal: SignalNumber(rawValue: .random(in: 0...6, using: &rng)), from: Fixtures.moment,
                to: Fixtures.moment.advanced(by: .seconds(Int.random(in: 0...9_999, using: &rng))),
                lost: .random(in: 1...1_000, using: &rng),
                reason: GapReason.allCases.randomElement(using: &rng) ?? .diskFault)
        }
    }

    /// True once in `count`.
    private mutating func chance(_ count: Int) -> Bool { Int.random(in: 0..<count, using: &rng) == 0 }
}
