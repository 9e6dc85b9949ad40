package import KoppelCore

/// Makes the figures of whole windows out of the journal, one window after the other. Pure: the same records up to the
/// same place give the same windows.
///
/// A value holds until the next reading, as the journal stores only changes, but not into a gap and not longer than the
/// signal may be silent. Memory: the figures of one window, and the readings that came for later ones.
package struct WindowCutting: Sendable {
    struct Key: Hashable, Sendable {
        let machine: MachineNumber
        let signal: SignalNumber
    }

    private let view: SharedView
    private let resolution: SharingPolicy.Resolution
    private let functions: [Aggregate.Function]
    private let length: Int64
    /// How long after the end of a window a reading of it may still be stored.
    private let grace: Int64

    /// What is done, and where to begin after a crash.
    private(set) var progress: WindowProgress
    /// The start of the open window; `nil` before the first reading.
    private var start: Int64?
    private var figures: [Key: Aggregate] = [:]
    /// What each signal said last, as far as it holds.
    private var last: [Key: Reading] = [:]
    private var missing: [MachineNumber: [WindowFigures.Missing]] = [:]
    private var clocks: [MachineNumber: ClockState] = [:]
    /// What lies beyond the open window, in the order of the journal.
    private var beyond: [(position: Int64, machine: MachineNumber, reading: Reading?, gap: Gap?)] = []
    private var position: Int64
    private var newest: Int64?
    /// Windows that were passed over, since nobody read anything, up to the open one.
    private var skippedFrom: Int64?

    /// `nil` if the policy has no window.
    package init?(view: SharedView, progress: WindowProgress) {
        guard let resolution = view.policy.enforcement.resolution else { return nil }
        self.view = view
        self.resolution = resolution
        functions = resolution.functions.compactMap(\.aggregate)
        length = max(1, resolution.window.wholeNanoseconds)
        grace = min(10_000_000_000, max(2_000_000_000, length / 4))
        self.progress = progress
        position = progress.position
        for held in progress.held {
            let key = Key(
                machine: MachineNumber(rawValue: held.machine), signal: SignalNumber(rawValue: held.signal))
            guard view.machine(key.machine)?.shares(key.signal) == true else { continue }
            last[key] = Reading(
                signal: key.signal, condition: held.isGood ? .good : .fewGoodSamples, seq: 0,
                time: Timestamp(nanoseconds: held.time), value: .double(held.value))
        }
        if let closed = progress.closedUntil { begin(floor(closed)) }
    }

    // MARK: Reading on

    /// The last record that was taken.
    package var reached: JournalPosition { JournalPosition(rawValue: position) }

    /// The end of the open window; `nil` before the first reading.
    package var openUntil: Timestamp? { start.map { Timestamp(nanoseconds: $0 + length) } }

    /// When the open window may be closed if nothing is read by then; `nil` before the first reading.
    package var due: Timestamp? {
        start.map { Timestamp(nanoseconds: $0 + length + max(grace, view.policy.enforcement.delay.wholeNanoseconds)) }
    }

    /// Takes the next records of the journal, all of them: what is not shared still tells how late it is.
    package mutating func take(_ stretch: [StoredRecord]) {
        for stored in stretch {
            for reading in stored.record.readings { newest = max(newest ?? .min, reading.time.nanoseconds) }
        }
        for stored in view.visible(stretch) {
            let machine = stored.record.machine
            clocks[machine] = stored.record.clock
            for gap in stored.record.gaps { take(gap, of: machine, at: stored.position.rawValue) }
            for reading in stored.record.readings { take(reading, of: machine, at: stored.position.rawValue) }
        }
        if let end = stretch.last?.position.rawValue { position = max(position, end) }
    }

    /// True if the open window can be closed: something was read long enough after its end, or `wall` says that it is
    /// over where the journal was read to its end.
    package func isClosable(wall: Timestamp, isDrained: Bool) -> Bool {
        guard let start, let due, wall >= due || view.policy.enforcement.delay == .zero else { return false }
        let horizon = max(newest ?? .min, isDrained ? wall.nanoseconds : .min)
        return horizon >= start + length + grace
    }

    private mutating func take(_ reading: Reading, of machine: MachineNumber, at place: Int64) {
        let time = reading.time.nanoseconds
        if start == nil { begin(floor(time)) }
        guard let start else { return }
        if time < start {
            guard place > progress.closedAt else { return }
            declare(reading.signal, of: machine, from: time, to: time + 1, lost: 1, reason: "late")
        } else if time < start + length {
            add(reading, of: machine)
        } else {
            beyond.append((place, machine, reading, nil))
        }
    }

    private mutating func take(_ gap: Gap, of machine: MachineNumber, at place: Int64) {
        let (from, to) = (gap.from.nanoseconds, max(gap.from.nanoseconds, gap.to.nanoseconds))
        if start == nil { begin(floor(to)) }
        guard let start else { return }
        if to < start, place <= progress.closedAt { return }
        let key = Key(machine: machine, signal: gap.signal)
        // One that begins later ends nothing here: until then the value holds.
        if from < start + length, let held = last[key], held.time.nanoseconds <= to {
            figures[key]?.interrupt(at: Timestamp(nanoseconds: max(from, held.time.nanoseconds)))
            last[key] = nil
        }
        if to < start + length {
            declare(gap.signal, of: machine, from: from, to: to, lost: gap.lost, reason: gap.reason.name)
        } else {
            beyond.append((place, machine, nil, gap))
        }
    }

    private mutating func add(_ reading: Reading, of machine: MachineNumber) {
        let key = Key(machine: machine, signal: reading.signal)
        expire(key, by: reading.time.nanoseconds)
        if figures[key] == nil { figures[key] = figure(held: nil) }
        figures[key]?.add(reading)
        last[key] = reading.condition.quality == .bad || reading.value?.number == nil ? nil : reading
    }

    /// A value holds only as long as the signal may be silent.
    private mutating func expire(_ key: Key, by moment: Int64) {
        guard let held = last[key], let machine = view.machine(key.machine) else { return }
        let until = held.time.advanced(by: machine.holds(key.signal))
        guard until.nanoseconds < moment else { return }
        figures[key]?.interrupt(at: until)
        last[key] = nil
    }

    private func figure(held: Reading?) -> Aggregate {
        let begin = Timestamp(nanoseconds: start ?? 0)
        return Aggregate(
            start: begin, end: Timestamp(nanoseconds: begin.nanoseconds + length),
            minimumGoodFraction: resolution.minimumGoodFraction, held: held)
    }

    private mutating func declare(
        _ signal: SignalNumber, of machine: MachineNumber, from: Int64, to: Int64, lost: UInt64, reason: String
    ) {
        // Whole windows: when exactly something was missing is finer than what is shared.
        let (first, end) = (floor(from), floor(max(from, to - 1)) + length)
        if let index = missing[machine]?.firstIndex(where: {
            $0.signal == signal && $0.reason == reason && $0.from.nanoseconds == first && $0.to.nanoseconds == end
        }) {
            missing[machine]?[index].lost += lost
            return
        }
        missing[machine, default: []].append(
            WindowFigures.Missing(
                signal: signal, from: Timestamp(nanoseconds: first), to: Timestamp(nanoseconds: end), lost: lost,
                reason: reason))
    }

    // MARK: Closing

    /// What is to be kept before the open window is sent.
    package var closing: WindowProgress? {
        guard let start else { return nil }
        var result = progress
        result.closing = WindowProgress.Closing(end: start + length, position: position)
        return result
    }

    /// Closes the open window and opens the next.
    ///
    /// - Returns: The figures of each shared machine; nothing if nobody read anything and the journal goes on later,
    ///   which is declared with the next window, or if the policy does not reach so far.
    package mutating func close(isBuffered: Bool) -> [WindowFigures] {
        guard let start else { return [] }
        let end = start + length
        for key in last.keys { expire(key, by: end) }
        let next = beyond.map { ($0.reading?.time ?? $0.gap?.to)?.nanoseconds ?? end }.min()
        let isEmpty = last.isEmpty && missing.isEmpty && !figures.values.contains(where: \.hasContent)
        if isEmpty, let next, next >= end + length {
            skippedFrom = skippedFrom ?? start
            finish(next: floor(next))
            return []
        }
        let result = self.result(start, isBuffered: isBuffered)
        skippedFrom = nil
        missing = [:]
        finish(next: end)
        return result
    }

    private func result(_ start: Int64, isBuffered: Bool) -> [WindowFigures] {
        let begin = Timestamp(nanoseconds: start)
        let policy = view.policy.enforcement
        guard begin >= policy.validFrom, start + length <= policy.validUntil.nanoseconds else { return [] }
        return view.all.map { machine in
            let number = machine.description.number
            let rows = machine.description.signals.flatMap { signal in
                let figure = figures[Key(machine: number, signal: signal.number)] ?? self.figure(held: nil)
                return functions.map { function in
                    let one = figure.figure(function)
                    return WindowFigures.Row(
                        signal: signal.number, function: function, value: one.value, statusCode: one.statusCode)
                }
            }
            let skipped = skippedFrom.map { from in
                machine.description.signals.map { signal in
                    WindowFigures.Missing(
                        signal: signal.number, from: Timestamp(nanoseconds: from), to: begin,
                        lost: UInt64(max(0, (start - from) / length)), reason: "no-data")
                }
            }
            return WindowFigures(
                machine: number, rev: machine.description.rev, epoch: progress.epoch,
                seq: UInt64(max(0, start / length)), start: begin, length: resolution.window, isBuffered: isBuffered,
                clock: clocks[number] ?? .synchronised, rows: rows, missing: (skipped ?? []) + (missing[number] ?? []))
        }
    }

    /// Notes what is done and takes what was waiting for the next window.
    private mutating func finish(next: Int64) {
        progress.closing = nil
        progress.closedUntil = next
        progress.closedAt = position
        progress.position = beyond.first.map { min($0.position - 1, position) } ?? position
        progress.eventsUntil = max(progress.eventsUntil, position)
        progress.held = last.compactMap { key, reading in
            reading.value?.number.map {
                WindowProgress.Held(
                    machine: key.machine.rawValue, signal: key.signal.rawValue, time: reading.time.nanoseconds,
                    value: $0, isGood: reading.condition.quality == .good)
            }
        }.sorted { ($0.machine, $0.signal) < ($1.machine, $1.signal) }
        begin(next)
        let waiting = beyond
        beyond = []
        for one in waiting {
            // None of it lies before the window that opens now.
            if let gap = one.gap { take(gap, of: one.machine, at: one.position) }
            if let reading = one.reading { take(reading, of: one.machine, at: one.position) }
        }
    }

    private mutating func begin(_ moment: Int64) {
        start = moment
        figures = [:]
        if progress.closedUntil == nil { progress.closedUntil = moment }
        for (key, reading) in last { figures[key] = figure(held: reading) }
    }

    private func floor(_ time: Int64) -> Int64 {
        let rest = time % length
        return time - (rest < 0 ? rest + length : rest)
    }
}
