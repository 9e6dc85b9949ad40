internal import KoppelCore

/// What has to be said in place of the records of one machine that were dropped before delivery.
///
/// For every signal that lost readings it gives **one reading** with condition `dataLost`, no value, and the seq and
/// time of that signal's newest dropped reading, and **one gap** for the others: from the first dropped reading to the
/// newest, `lost` being the number of readings that will never come. The newest comes, as the `dataLost` reading, so a
/// signal that lost n readings declares n - 1 in the gap, and none if n is 1.
///
/// All times of a declaration are on the clock of its newest record. What was stored on a clock of which nobody can say
/// how it stood to that one is taken to be as old as the first record that is known: how much is missing stays right.
///
/// Occurrences are small and seldom, and stay: the newest ``maximumOccurrences`` of those dropped. A jump in the seq of
/// states and events tells of others.
///
/// Declarations and gaps among the dropped records are merged in, so dropping a declaration keeps the sum right: the
/// `dataLost` reading of the older one is then one that never comes.
struct OverflowDeclaration {
    fileprivate struct Loss {
        var from: Timestamp
        var newest: Reading
        var dropped: UInt64
    }

    private struct GapKey: Hashable {
        var signal: SignalNumber
        var reason: GapReason
    }

    static let maximumOccurrences = 256

    private var occurrences: [Occurrence] = []
    private var losses: [SignalNumber: Loss] = [:]
    private var gaps: [GapKey: Gap] = [:]
    private(set) var last: StoredRecord
    /// The clock period of ``last``.
    private(set) var period = ClockPeriod.beforePeriods
    /// Readings dropped here for the first time: those that were not yet declared lost.
    private(set) var newlyDropped: UInt64 = 0

    /// Nothing is dropped yet; `first` only says which machine it is about.
    init(machineOf first: StoredRecord) { last = first }

    /// Records of one machine, in the order of their positions.
    mutating func add(_ stored: StoredRecord, in period: ClockPeriod) {
        if period != self.period { move(to: period, from: stored.record.readings.map(\.time).min()) }
        last = stored
        for reading in stored.record.readings {
            if reading.condition != .dataLost { newlyDropped += 1 }
            losses[reading.signal, default: Loss(from: reading.time, newest: reading, dropped: 0)].add(reading)
        }
        for gap in stored.record.gaps { add(gap) }
        // An open window is only for the journal's memory, which has it.
        occurrences += stored.record.occurrences.filter { !$0.isMemory }
        occurrences.removeFirst(max(0, occurrences.count - Self.maximumOccurrences))
    }

    private mutating func move(to next: ClockPeriod, from first: Timestamp?) {
        let step = period.step(to: next)
        func moved(_ time: Timestamp) -> Timestamp { step.map { time.advanced(by: $0) } ?? first ?? time }
        losses = losses.mapValues { loss in
            var loss = loss
            (loss.from, loss.newest.time) = (moved(loss.from), moved(loss.newest.time))
            return loss
        }
        gaps = gaps.mapValues { gap in
            var gap = gap
            (gap.from, gap.to) = (moved(gap.from), moved(gap.to))
            return gap
        }
        if let step { for index in occurrences.indices { occurrences[index].moveTimes(by: step) } }
        period = next
    }

    private mutating func add(_ gap: Gap) {
        let key = GapKey(signal: gap.signal, reason: gap.reason)
        guard var merged = gaps[key] else {
            gaps[key] = gap
            return
        }
        merged.from = min(merged.from, gap.from)
        merged.to = max(merged.to, gap.to)
        merged.lost += gap.lost
        gaps[key] = merged
    }

    /// The record that takes the place of the last one dropped.
    var replacement: SweepRecord {
        var gaps = gaps
        for (signal, loss) in losses {
            let key = GapKey(signal: signal, reason: .bufferOverflow)
            let earlier = gaps[key]
            let lost = loss.dropped - 1 + (earlier?.lost ?? 0)
            guard lost > 0 else { continue }
            gaps[key] = Gap(
                signal: signal, from: min(loss.from, earlier?.from ?? loss.from),
                to: max(loss.newest.time, earlier?.to ?? loss.newest.time), lost: lost, reason: .bufferOverflow)
        }
        let readings = losses.values.map { loss in
            Reading(
                signal: loss.newest.signal, condition: .dataLost, seq: loss.newest.seq, time: loss.newest.time,
                value: nil)
        }
        return SweepRecord(
            machine: last.record.machine, rev: last.record.rev, clock: last.record.clock,
            offset: .nanoseconds(period.offset),
            readings: readings.sorted { ($0.time, $0.signal) < ($1.time, $1.signal) },
            gaps: gaps.values.sorted { ($0.signal, $0.reason.rawValue) < ($1.signal, $1.reason.rawValue) },
            occurrences: occurrences)
    }
}

extension OverflowDeclaration.Loss {
    fileprivate mutating func add(_ reading: Reading) {
        newest = reading
        dropped += 1
        from = min(from, reading.time)
    }
}
