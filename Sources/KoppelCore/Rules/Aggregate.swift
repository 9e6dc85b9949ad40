/// One figure of a signal for one window of time, made from its readings (data model 4.2, notes).
///
/// A pure value of constant size: readings go in one by one, in the order of their times. A reading is usable if its
/// quality is not bad and its value is a number; it counts as a good sample if its quality is good.
package struct Aggregate: Sendable {
    package enum Function: String, CaseIterable, Sendable { case mean, min, max, last, delta, count }

    /// How a mean is weighted.
    package enum Weighting: Sendable {
        /// Each value stands until the next reading, which is right where only changes are stored.
        case time
        /// Each reading counts once.
        case sample
    }

    /// What a figure is worth. Without a usable sample there is none.
    package struct Figure: Hashable, Sendable {
        /// `nil` if there is no usable sample, which is `BadNoData`.
        package var value: Double?
        package var quality: Quality
        /// Row 32 where too few samples were good; else `nil`.
        package var condition: Condition?
        package var statusCode: UInt32
        /// Readings in the window, usable or not.
        package var samples: Int

        package init(value: Double?, quality: Quality, condition: Condition?, statusCode: UInt32, samples: Int) {
            self.value = value
            self.quality = quality
            self.condition = condition
            self.statusCode = statusCode
            self.samples = samples
        }

        /// OPC UA `BadNoData`, which only aggregates can be.
        package static let noData: UInt32 = 0x809B_0000
    }

    private struct Held: Sendable {
        var value: Double
        var from: Timestamp
        var isGood: Bool
    }

    /// A value that a figure may consist of.
    private struct Sample: Sendable {
        var value: Double
        var isGood: Bool

        /// The lower of the two, or the higher; of equal ones the better.
        func replaced(by other: Sample, if isBeyond: (Double, Double) -> Bool) -> Sample {
            if other.value == value { return Sample(value: value, isGood: isGood || other.isGood) }
            return isBeyond(other.value, value) ? other : self
        }
    }

    private let start: Timestamp
    private let end: Timestamp
    private let weighting: Weighting
    private let minimumGoodFraction: Double
    private var samples = 0
    private var usable = 0
    private var good = 0
    private var sum = 0.0
    /// Of the time covered by usable values: value times seconds, seconds, and good seconds.
    private var area = 0.0
    private var covered = 0.0
    private var goodTime = 0.0
    private var lowest: Sample?
    private var highest: Sample?
    private var first: Sample?
    private var last: Sample?
    private var held: Held?

    /// `held` is what the signal said last before the window, which stands until its first reading. With less than
    /// `minimumGoodFraction` (0 to 1) of good samples, or of good time where time is the weight, a figure is uncertain.
    package init(
        start: Timestamp, end: Timestamp, weighting: Weighting = .time, minimumGoodFraction: Double,
        held: Reading? = nil
    ) {
        self.start = start
        self.end = max(start, end)
        self.weighting = weighting
        self.minimumGoodFraction = minimumGoodFraction
        guard let held, let value = Self.usable(held) else { return }
        let isGood = held.condition.quality == .good
        self.held = Held(value: value, from: start, isGood: isGood)
        first = Sample(value: value, isGood: isGood)
    }

    /// Takes one more reading of the window; one outside it changes nothing.
    package mutating func add(_ reading: Reading) {
        guard reading.time >= start, reading.time < end else { return }
        samples += 1
        stand(until: reading.time)
        guard let value = Self.usable(reading) else {
            held = nil
            return
        }
        let isGood = reading.condition.quality == .good
        held = Held(value: value, from: reading.time, isGood: isGood)
        usable += 1
        if isGood { good += 1 }
        sum += value
        let sample = Sample(value: value, isGood: isGood)
        lowest = lowest?.replaced(by: sample, if: <) ?? sample
        highest = highest?.replaced(by: sample, if: >) ?? sample
        first = first ?? sample
        last = sample
    }

    /// What was read last holds no longer than until then: from there on readings are missing.
    package mutating func interrupt(at moment: Timestamp) {
        guard let held else { return }
        stand(until: min(max(moment, held.from), end))
        self.held = nil
    }

    /// True if a reading was taken, or what was read before the window holds in it.
    package var hasContent: Bool { samples > 0 || covered > 0 || held != nil }

    /// The figure, once every reading of the window was added.
    package func figure(_ function: Function) -> Figure {
        var closed = self
        closed.stand(until: end)
        return closed.closedFigure(function)
    }

    private func closedFigure(_ function: Function) -> Figure {
        let value: Double?
        // The readings that the figure consists of; it is no better than any of them.
        var parts: [Sample?] = []
        switch function {
        case .mean: value = mean
        case .min: (value, parts) = (lowest?.value, [lowest])
        case .max: (value, parts) = (highest?.value, [highest])
        case .last: (value, parts) = (last?.value, [last])
        case .delta: (value, parts) = (first.flatMap { first in last.map { $0.value - first.value } }, [first, last])
        case .count: value = Double(usable)
        }
        guard let value, value.isFinite, usable > 0 || (function == .mean && covered > 0) else {
            return Figure(value: nil, quality: .bad, condition: nil, statusCode: Figure.noData, samples: samples)
        }
        // However little an owner asks for: what rests on no good sample at all, a simulated machine for example, is not
        // good.
        guard goodFraction >= minimumGoodFraction, goodFraction > 0, parts.allSatisfy({ $0?.isGood == true }) else {
            let few = Condition.fewGoodSamples
            return Figure(
                value: value, quality: .uncertain, condition: few, statusCode: few.statusCode, samples: samples)
        }
        return Figure(value: value, quality: .good, condition: nil, statusCode: 0, samples: samples)
    }

    private var mean: Double? {
        switch weighting {
        case .time: covered > 0 ? area / covered : nil
        case .sample: usable > 0 ? sum / Double(usable) : nil
        }
    }

    /// Of the window's time, or of its samples.
    private var goodFraction: Double {
        switch weighting {
        case .time:
            let length = Double(end.nanoseconds - start.nanoseconds) / 1e9
            return length > 0 ? goodTime / length : 0
        case .sample: return samples > 0 ? Double(good) / Double(samples) : 0
        }
    }

    private mutating func stand(until moment: Timestamp) {
        guard let held, moment > held.from else { return }
        let seconds = Double(moment.nanoseconds - held.from.nanoseconds) / 1e9
        area += held.value * seconds
        covered += seconds
        if held.isGood { goodTime += seconds }
        self.held?.from = moment
    }

    private static func usable(_ reading: Reading) -> Double? {
        guard reading.condition.quality != .bad, let value = reading.value?.number, value.isFinite else { return nil }
        return value
    }
}
