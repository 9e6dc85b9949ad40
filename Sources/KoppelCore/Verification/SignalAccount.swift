/// The books of one signal of one machine at a receiver: its series, and what was declared missing.
///
/// Bounds: 64 series (the functions and windows of a policy), 32 reasons, and the newest 256 declarations to tell a
/// repeated one by.
package struct SignalAccount: Sendable {
    /// All that was declared missing for one reason.
    package struct Declared: Hashable, Sendable {
        package var reason: String
        package var gaps: UInt64
        package var lost: UInt64
        package var from: Timestamp
        package var to: Timestamp
    }

    static let maximumSeries = 64
    static let maximumReasons = 32
    private static let rememberedGaps = 256

    /// By function and window; empty for readings as they were taken.
    package private(set) var series: [String: SeriesAccount] = [:]
    package private(set) var declared: [Declared] = []
    private var recent: [ReceivedGap] = []
    private var next = 0

    init() {}

    package var isSound: Bool { series.values.allSatisfy(\.isSound) }

    /// - Returns: False if there is no room for the series.
    mutating func makeRoom(for aggregate: String) -> Bool {
        if series[aggregate] != nil { return true }
        guard series.count < Self.maximumSeries else { return false }
        series[aggregate] = SeriesAccount(isAggregated: !aggregate.isEmpty)
        return true
    }

    mutating func take(_ one: ReceivedBatch.Series, epoch: UInt32) {
        for (offset, sample) in one.samples.enumerated() {
            let (seq, overflow) = one.seq.addingReportingOverflow(UInt64(offset))
            guard !overflow else { return }
            series[one.aggregate]?.take(sample, seq: seq, epoch: epoch)
        }
    }

    mutating func declare(_ gap: ReceivedGap) {
        guard !recent.contains(gap) else { return }
        if recent.count < Self.rememberedGaps {
            recent.append(gap)
        } else {
            recent[next] = gap
            next = (next + 1) % Self.rememberedGaps
        }
        note(gap)
        for aggregate in series.keys { series[aggregate]?.declare(gap) }
    }

    private mutating func note(_ gap: ReceivedGap) {
        let lost = gap.lost ?? 0
        guard let index = declared.firstIndex(where: { $0.reason == gap.reason }) else {
            guard declared.count < Self.maximumReasons else { return }
            return declared.append(
                Declared(reason: gap.reason, gaps: 1, lost: lost, from: gap.from, to: gap.to))
        }
        declared[index].gaps += 1
        declared[index].lost &+= lost
        declared[index].from = min(declared[index].from, gap.from)
        declared[index].to = max(declared[index].to, gap.to)
    }
}
