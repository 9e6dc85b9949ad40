internal import KoppelCore

/// What a sweep of one machine has given so far, until it becomes a record. Bounded by the readings of one sweep, and one
/// gap for each signal.
struct SweepDraft: Sendable {
    var readings: [Reading] = []
    /// The indexes of readings that belong to the history alone.
    private(set) var momentary: [Int] = []
    private(set) var gaps: [SignalNumber: Gap] = [:]

    init() {}

    /// What follows a draft that became a record. Gaps travel with a reading, so without one they wait.
    init(after draft: SweepDraft) {
        if draft.readings.isEmpty { gaps = draft.gaps }
        readings.reserveCapacity(draft.readings.count)
    }

    /// The gaps that can travel with what was read.
    var gapsToTell: [Gap] { readings.isEmpty ? [] : gaps.values.sorted { $0.signal < $1.signal } }

    /// - Parameter isMomentary: True if the last of the readings belongs to the history alone.
    mutating func note(isMomentary: Bool?) {
        if isMomentary == true { momentary.append(readings.count - 1) }
    }

    /// Gaps of one signal that wait for a record become one, from the first to the last missing reading; the
    /// graver reason wins.
    mutating func declare(_ gap: Gap) {
        guard var known = gaps[gap.signal] else {
            gaps[gap.signal] = gap
            return
        }
        known.from = min(known.from, gap.from)
        known.to = max(known.to, gap.to)
        known.lost += gap.lost
        if gap.reason != .slotMissed { known.reason = gap.reason }
        gaps[gap.signal] = known
    }
}
