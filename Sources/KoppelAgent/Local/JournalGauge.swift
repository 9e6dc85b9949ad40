internal import KoppelCore
internal import KoppelEngine
internal import Synchronization

/// What the journal holds and how fast it fills, counted when somebody asks.
///
/// It is never done twice within twenty times the time it took, and who asks waits at most half a second for it and else gets the figures of before.
final class JournalGauge: Sendable {
    private struct Figures {
        var state: JournalState?
        var counted: Timestamp?
        /// Rises with each count.
        var number = 0
        /// Readings stored, and bytes the process has written to disks, so far, every 10 s; at most ``mostSamples``.
        var samples: [(at: ContinuousClock.Instant, stored: UInt64, written: UInt64?)] = []
    }

    /// Five minutes.
    private static let mostSamples = 31
    private static let mostWaiting = Duration.milliseconds(500)

    private let figures = Mutex(Figures())
    private let (questions, ask) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    let journal: any Journal
    let sink: ReadingSink
    let destinations: DestinationBoard
    let wallClock: WallClock

    init(
        journal: any Journal, sink: ReadingSink, destinations: DestinationBoard, wallClock: WallClock
    ) {
        self.journal = journal
        self.sink = sink
        self.destinations = destinations
        self.wallClock = wallClock
    }

    /// Counts whenever it is asked to, until the task is cancelled.
    func run() async {
        for await _ in questions {
            let begin = ContinuousClock.now
            await count()
            let pause = max(.milliseconds(500), (ContinuousClock.now - begin) * 20)
            do { try await ContinuousClock().sleep(for: pause) } catch { return }
        }
    }

    /// Notes how much was stored, until the task is cancelled.
    func sample() async {
        while !Task.isCancelled {
            let stored = sink.storedReadings
            figures.withLock {
                if $0.samples.count == Self.mostSamples { $0.samples.removeFirst() }
                $0.samples.append((.now, stored, WrittenBytes.ofThisProcess()))
            }
            do { try await ContinuousClock().sleep(for: .seconds(10)) } catch { return }
        }
    }

    /// Readings stored per second over the last five minutes; `nil` in the first second.
    var pace: Double? {
        guard let first = figures.withLock({ $0.samples.first }) else { return nil }
        let elapsed = (ContinuousClock.now - first.at).inSeconds
        return elapsed >= 1 ? Double(sink.storedReadings - first.stored) / elapsed : nil
    }

    /// What storing writes to the disk, over the last five minutes (S10): bytes for each reading, and bytes a day. It
    /// counts all that the agent writes to files. `nil` where the kernel does not count, and while little was stored.
    var wear: (perReading: Double, perDay: Double)? {
        guard let first = figures.withLock({ $0.samples.first }), let before = first.written,
            let now = WrittenBytes.ofThisProcess(), now > before, sink.storedReadings > first.stored
        else { return nil }
        let written = Double(now - before)
        let elapsed = (ContinuousClock.now - first.at).inSeconds
        guard elapsed >= 1 else { return nil }
        return (written / Double(sink.storedReadings - first.stored), written / elapsed * 86_400)
    }

    /// The state of the journal, new if it can be had soon; `nil` if it never could be counted.
    func latest() async -> (state: JournalState, counted: Timestamp)? {
        let before = figures.withLock { $0.number }
        ask.yield()
        let end = ContinuousClock.now + Self.mostWaiting
        while figures.withLock({ $0.number }) == before, ContinuousClock.now < end {
            do { try await ContinuousClock().sleep(for: .milliseconds(5)) } catch { break }
        }
        return figures.withLock { figures in
            guard let state = figures.state, let counted = figures.counted else { return nil }
            return (state, counted)
        }
    }

    private func count() async {
        do throws(JournalError) {
            // A destination that is connected counts for itself.
            for (id, gauge) in destinations.gauges where !gauge.figures.isConnected {
                gauge.counted(try await journal.backlog(of: id), at: wallClock.now, elapsed: nil)
            }
            let state = try await journal.state()
            figures.withLock {
                $0.state = state
                $0.counted = wallClock.now
            }
        } catch {
            // The journal says what is wrong where it stores readings; the status shows the figures of before.
        }
        figures.withLock { $0.number += 1 }
    }
}
