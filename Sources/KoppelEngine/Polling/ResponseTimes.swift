/// How long the answers of one unit take, in a hundred numbers: four steps an octave from 4 µs to 67 s, so that a figure
/// is at most a quarter too large.
///
/// It forgets: at 20,000 answers all counts are halved, so that a unit that became faster or slower shows it.
package struct ResponseTimes: Sendable {
    static let most: UInt32 = 20_000
    private static let steps = 100

    private var counts = [UInt32](repeating: 0, count: ResponseTimes.steps)
    /// Answers it knows, at most 20,000.
    package private(set) var count: UInt32 = 0

    package init() {}

    package mutating func note(_ elapsed: Duration) {
        counts[Self.step(of: elapsed)] += 1
        count += 1
        guard count >= Self.most else { return }
        count = 0
        for index in counts.indices {
            counts[index] /= 2
            count += counts[index]
        }
    }

    /// The time within which this part of the answers came, 0.999 for all but one in a thousand; `nil` without answers.
    package func quantile(_ part: Double) -> Duration? {
        guard count > 0 else { return nil }
        let rank = max(1, UInt32((Double(count) * part).rounded(.up)))
        var seen: UInt32 = 0
        for index in counts.indices {
            seen += counts[index]
            if seen >= rank { return Self.end(of: index) }
        }
        return nil
    }

    private static func step(of elapsed: Duration) -> Int {
        let (seconds, attoseconds) = elapsed.components
        let micros = UInt64(clamping: seconds) &* 1_000_000 &+ UInt64(clamping: attoseconds / 1_000_000_000_000)
        guard micros >= 4 else { return 0 }
        let octave = 61 - micros.leadingZeroBitCount
        return min(steps - 1, octave * 4 + Int(micros >> UInt64(octave) & 3))
    }

    private static func end(of step: Int) -> Duration {
        .microseconds((Int64(step % 4) + 5) << Int64(step / 4))
    }
}
