/// The books of one series at a receiver: which numbers came, which are missing and whether that was declared.
///
/// It works with ranges and counts, so that a run of weeks costs no more than one of minutes. Bounds: 1,000 open holes
/// (of more than that the oldest are only counted), 1,000 declarations that explain missing numbers and wait for a
/// hole, and the content of the newest 1,024 readings to compare repeats with.
package struct SeriesAccount: Sendable {
    /// Numbers that are missing, and the readings on either side of them.
    package struct Hole: Hashable, Sendable {
        package var epoch: UInt32
        package var first: UInt64
        package var last: UInt64
        package var after: Timestamp
        package var before: Timestamp

        package var count: UInt64 { last - first + 1 }
    }

    private struct Credit {
        var from: Timestamp
        var to: Timestamp
        var left: UInt64
    }

    private struct Remembered {
        var epoch: UInt32
        var seq: UInt64
        var fingerprint: UInt64
    }

    static let maximumHoles = 1_000
    static let maximumCredits = 1_000
    static let rememberedReadings: UInt64 = 1_024

    /// Each window is a sample, and a gap counts readings: it explains the windows it lies over, whatever its count.
    private let isAggregated: Bool
    /// The first and the last reading.
    package private(set) var from: Timestamp?
    package private(set) var to: Timestamp?
    /// The epochs the readings came from, oldest first.
    package private(set) var epochs: ClosedRange<UInt32>?
    package private(set) var readings: UInt64 = 0
    package private(set) var repeats: UInt64 = 0
    package private(set) var bad: UInt64 = 0
    /// The same number came again with another content.
    package private(set) var conflicts: UInt64 = 0
    /// Readings that came after a later one, for the first time.
    package private(set) var unordered: UInt64 = 0
    /// Missing numbers that nothing explains so far, oldest first.
    package private(set) var holes: [Hole] = []
    /// Readings missing in holes that were too many to keep.
    package private(set) var forgotten: UInt64 = 0
    /// Missing numbers that a declaration explains.
    package private(set) var explained: UInt64 = 0
    /// New epochs before which nothing was declared: nobody knows what was lost there.
    package private(set) var bareEpochs: UInt64 = 0

    /// The number from which this receiver has seen the first epoch.
    private var begin: UInt64 = 0
    private var highest: UInt64 = 0
    private var epoch: UInt32 = 0
    private var credits: [Credit] = []
    /// The end of the latest stretch that any gap lay over.
    private var declaredThrough: Timestamp?
    private var remembered: [Remembered] = []

    init(isAggregated: Bool) { self.isAggregated = isAggregated }

    /// Numbers missing that nothing explains.
    package var missing: UInt64 { holes.reduce(forgotten) { $0 + $1.count } }

    package var isSound: Bool { missing == 0 && conflicts == 0 && unordered == 0 && bareEpochs == 0 }

    // MARK: What arrives

    mutating func declare(_ gap: ReceivedGap) {
        declaredThrough = max(declaredThrough ?? gap.to, gap.to)
        guard isAggregated || !gap.leavesNumbersAlone else { return }
        credits.append(Credit(from: gap.from, to: gap.to, left: gap.lost ?? .max))
        // A hole comes with its declaration or before it, so the oldest that explained nothing is the one to go.
        if credits.count > Self.maximumCredits { credits.removeFirst() }
        for index in holes.indices.reversed() where explain(holes[index]) { holes.remove(at: index) }
    }

    mutating func take(_ sample: ReceivedBatch.Sample, seq: UInt64, epoch: UInt32) {
        guard from != nil else {
            (from, self.epoch, epochs, begin) = (sample.time, epoch, epoch...epoch, seq)
            return append(sample, seq: seq)
        }
        if epoch > self.epoch {
            beginEpoch(epoch, with: sample)
            if seq > 1 { miss(1, through: seq - 1, before: sample.time) }
            append(sample, seq: seq)
        } else if epoch == self.epoch, seq > highest {
            if seq > highest + 1 { miss(highest + 1, through: seq - 1, before: sample.time) }
            append(sample, seq: seq)
        } else {
            takeEarlier(sample, seq: seq, epoch: epoch)
        }
    }

    private mutating func append(_ sample: ReceivedBatch.Sample, seq: UInt64) {
        highest = seq
        to = max(to ?? sample.time, sample.time)
        count(sample, seq: seq, epoch: epoch)
    }

    private mutating func count(_ sample: ReceivedBatch.Sample, seq: UInt64, epoch: UInt32) {
        readings += 1
        if sample.isBad { bad += 1 }
        let entry = Remembered(epoch: epoch, seq: seq, fingerprint: sample.fingerprint)
        let place = Int(seq % Self.rememberedReadings)
        if place < remembered.count {
            remembered[place] = entry
        } else {
            let nobody = Remembered(epoch: 0, seq: 0, fingerprint: 0)
            remembered += Array(repeating: nobody, count: place - remembered.count) + [entry]
        }
    }

    /// Sent again, or sent too late, or from before this receiver listened.
    private mutating func takeEarlier(_ sample: ReceivedBatch.Sample, seq: UInt64, epoch: UInt32) {
        if let index = holes.firstIndex(where: { $0.epoch == epoch && $0.first <= seq && seq <= $0.last }) {
            fill(index, seq, sample.time)
            unordered += 1
            return count(sample, seq: seq, epoch: epoch)
        }
        if let epochs, epoch < epochs.lowerBound || epoch == epochs.lowerBound && seq < begin { return }
        repeats += 1
        let place = Int(seq % Self.rememberedReadings)
        guard place < remembered.count else { return }
        let known = remembered[place]
        if known.epoch == epoch, known.seq == seq, known.fingerprint != sample.fingerprint { conflicts += 1 }
    }

    private mutating func beginEpoch(_ epoch: UInt32, with sample: ReceivedBatch.Sample) {
        // What was lost at the end of the epoch before has no number, so the declaration is all there is to go by.
        if let to, (declaredThrough ?? to) <= to { bareEpochs += 1 }
        self.epoch = epoch
        epochs = (epochs?.lowerBound ?? epoch)...epoch
    }

    // MARK: Holes

    private mutating func miss(_ first: UInt64, through last: UInt64, before: Timestamp) {
        let hole = Hole(epoch: epoch, first: first, last: last, after: to ?? before, before: before)
        guard !explain(hole) else { return }
        holes.append(hole)
        if holes.count > Self.maximumHoles { forgotten += holes.removeFirst().count }
    }

    /// Uses declarations that lie over a hole up for it.
    ///
    /// - Returns: False if they do not reach; then nothing was used.
    private mutating func explain(_ hole: Hole) -> Bool {
        let over = credits.indices.filter { credits[$0].from <= hole.before && credits[$0].to >= hole.after }
        if isAggregated {
            guard !over.isEmpty else { return false }
        } else {
            var open = hole.count
            for index in over { open -= min(open, credits[index].left) }
            guard open == 0 else { return false }
            open = hole.count
            for index in over {
                let used = min(open, credits[index].left)
                credits[index].left -= used
                open -= used
            }
            credits.removeAll { $0.left == 0 }
        }
        explained += hole.count
        return true
    }

    private mutating func fill(_ index: Int, _ seq: UInt64, _ time: Timestamp) {
        let hole = holes.remove(at: index)
        var rest: [Hole] = []
        if hole.first < seq {
            rest.append(Hole(epoch: hole.epoch, first: hole.first, last: seq - 1, after: hole.after, before: time))
        }
        if seq < hole.last {
            rest.append(Hole(epoch: hole.epoch, first: seq + 1, last: hole.last, after: time, before: hole.before))
        }
        holes.insert(contentsOf: rest, at: index)
    }
}
