package import KoppelCore
internal import Logging
internal import Synchronization

/// Where readings go: into the journal first, and only what is stored there becomes a live value.
package actor ReadingSink {
    private let journal: any Journal
    private let lanes: Mutex<[LiveLane]>
    private var isFailing = false
    private nonisolated let stored = Atomic<UInt64>(0)
    private nonisolated let failure = Mutex<String?>(nil)

    package init(journal: any Journal, lanes: [LiveLane]) {
        self.journal = journal
        self.lanes = Mutex(lanes)
    }

    /// Latest values go to these lanes from now on. A lane that comes new is given what the others know.
    package nonisolated func serve(_ next: [LiveLane]) async {
        let before = lanes.withLock { lanes in
            defer { lanes = next }
            return lanes
        }
        for lane in next where !before.contains(where: { $0 === lane }) {
            for known in before { await lane.learn(from: known) }
        }
    }

    /// Stores the records and returns when they are durable.
    ///
    /// - Returns: The records the journal could not take; their readings have to be declared missing later.
    package nonisolated func store(_ swept: [SweptRecord]) async -> [SweptRecord] {
        let records = swept.map(\.record)
        do throws(JournalError) {
            _ = try await journal.append(records)
            stored.wrappingAdd(records.reduce(0) { $0 + UInt64($1.readings.count) }, ordering: .relaxed)
            for lane in lanes.withLock({ $0 }) { await lane.offer(swept) }
            if await isFailing { await recovered() }
            return []
        } catch {
            await failed(error)
            return swept
        }
    }

    /// Why readings cannot be stored at this moment; `nil` if they can.
    package nonisolated var whyNothingIsStored: String? { failure.withLock { $0 } }

    /// Readings stored since the site was loaded.
    package nonisolated var storedReadings: UInt64 { stored.load(ordering: .relaxed) }

    /// See ``Journal/liveBacklog``.
    nonisolated var liveBacklog: Int? { journal.liveBacklog }

    private func failed(_ error: JournalError) {
        failure.withLock { $0 = error.description }
        guard !isFailing else { return }
        isFailing = true
        Logger.current.error(
            "Readings cannot be stored; they are declared missing as soon as storing works again",
            metadata: ["error": "\(error)"])
    }

    private func recovered() {
        guard isFailing else { return }
        isFailing = false
        failure.withLock { $0 = nil }
        Logger.current.notice("Readings are stored again")
    }
}
