import KoppelCore

/// Records of every shape the codec has a layout for.
enum RandomRecord {
    static func make(using random: inout Seeded) -> SweepRecord {
        let count = [1, 2, 3, 17, 200, 1_000].randomElement(using: &random) ?? 1
        let signals = signals(count, using: &random)
        let sequences = sequences(count, using: &random)
        let conditions = runs(count, using: &random) { Condition.allCases.randomElement(using: &$0) ?? .good }
        let times = runs(count, using: &random) { Timestamp(nanoseconds: Int64.random(in: .min ... .max, using: &$0)) }
        let values = values(count, using: &random)
        return SweepRecord(
            machine: MachineNumber(rawValue: Int.random(in: 0..<65_535, using: &random)),
            rev: UInt32.random(in: 0 ... .max, using: &random),
            clock: [.synchronised, .holdover, .unsynchronised].randomElement(using: &random) ?? .holdover,
            readings: (0..<count).map {
                Reading(
                    signal: SignalNumber(rawValue: signals[$0]), condition: conditions[$0], seq: sequences[$0],
                    time: times[$0], value: values[$0])
            },
            gaps: (0..<Int.random(in: 0..<4, using: &random)).map { _ in gap(using: &random) },
            occurrences: Happened.everything.shuffled(using: &random).dropLast(Int.random(in: 0...7, using: &random)))
    }

    private static func gap(using random: inout Seeded) -> Gap {
        Gap(
            signal: SignalNumber(rawValue: .random(in: 0 ... .max, using: &random)),
            from: Timestamp(nanoseconds: .random(in: .min ... .max, using: &random)),
            to: Timestamp(nanoseconds: .random(in: .min ... .max, using: &random)),
            lost: .random(in: 0 ... .max, using: &random),
            reason: GapReason.allCases.randomElement(using: &random) ?? .slotMissed)
    }

    private static func signals(_ count: Int, using random: inout Seeded) -> [UInt16] {
        let first = UInt16.random(in: 0...(.max - UInt16(count)), using: &random)
        let dense = (0..<count).map { first + UInt16($0) }
        switch Int.random(in: 0..<3, using: &random) {
        case 0: return dense
        case 1: return dense.filter { $0 % 3 != 0 }.shuffled(using: &random) + dense.filter { $0 % 3 == 0 }
        default: return (0..<count).map { _ in UInt16.random(in: 0 ... .max, using: &random) }
        }
    }

    private static func sequences(_ count: Int, using random: inout Seeded) -> [UInt64] {
        let base = UInt64.random(in: 0...(1 << 60), using: &random)
        let spread: UInt64 = [0, 200, 60_000, 1 << 31, 1 << 61].randomElement(using: &random) ?? 0
        return (0..<count).map { _ in base + UInt64.random(in: 0...spread, using: &random) }
    }

    private static func runs<Element>(
        _ count: Int, using random: inout Seeded, _ element: (inout Seeded) -> Element
    ) -> [Element] {
        let longest = [1, 3, 100, 2_000].randomElement(using: &random) ?? 1
        var result: [Element] = []
        while result.count < count {
            let value = element(&random)
            let length = min(Int.random(in: 1...longest, using: &random), count - result.count)
            result += Array(repeating: value, count: length)
        }
        return result
    }

    private static func values(_ count: Int, using random: inout Seeded) -> [Value?] {
        let longest = [1, 5, 2_000].randomElement(using: &random) ?? 1
        var result: [Value?] = []
        while result.count < count {
            let length = min(Int.random(in: 1...longest, using: &random), count - result.count)
            let kind = Int.random(in: 0..<9, using: &random)
            let bits = UInt64.random(in: 1...63, using: &random)
            result += (0..<length).map { _ in value(kind, bits, using: &random) }
        }
        return result
    }

    private static func value(_ kind: Int, _ bits: UInt64, using random: inout Seeded) -> Value? {
        let number = UInt64.random(in: 0...(1 << bits), using: &random)
        let signed = Bool.random(using: &random) ? Int64(number >> 1) : -Int64(number >> 1)
        return switch kind {
        case 0: nil
        case 1: .bool(number % 2 == 0)
        case 2: .int(signed)
        case 3: .uint(number)
        case 4: .float(Float(signed) / 8)
        case 5: .double(Double(signed) / 10)
        case 6: .double(Double(Int16(truncatingIfNeeded: signed)) * 0.1)
        case 7: .double(Double.random(in: -1e6...1e6, using: &random))
        default: .text(String(repeating: "é°", count: Int(number % 40)))
        }
    }
}
