package import KoppelCore
internal import KoppelJournal

/// Looks through all of a journal: the file, the checksum of each record, and that the numbers of each signal go on
/// without a hole that was not declared (`koppel journal verify`).
package struct JournalVerification: Sendable {
    /// So many faults of one kind are listed; the others are counted.
    package static let listed = 20

    package struct Report: Sendable {
        package var records: UInt64 = 0
        package var readings: UInt64 = 0
        /// What SQLite says of the file.
        package var file: [String] = []
        package var damaged: UInt64 = 0
        package var firstDamaged: [(position: JournalPosition, fault: String)] = []
        /// By the id of the machine in place of its urn.
        package var account = ReceptionAccount()
        /// A copy was looked at.
        package var isCopy = false

        /// A number that is stored twice: a receiver may see repeats, a journal may not.
        package var doubles: UInt64 { account.total(\.repeats) }

        package var isSound: Bool { file.isEmpty && damaged == 0 && doubles == 0 && account.isSound }
    }

    private let folder: String

    package init(folder: String) { self.folder = folder }

    /// - Parameter progress: Called from time to time with the records so far and all there are.
    /// - Returns: What was found.
    /// - Throws: ``JournalError`` if there is no journal, or it cannot be read at all.
    package func run(progress: @Sendable (UInt64, Int) -> Void) async throws(JournalError) -> Report {
        let inspector = JournalInspector(folder: folder)
        let overview = try await inspector.overview()
        var report = Report()
        report.file = try await inspector.checkFile()
        var position = JournalPosition.start
        while position < overview.state.end {
            let piece = try await inspector.check(after: position, maximumRecords: 256)
            guard let last = piece.last else { break }
            for checked in piece { take(checked, overview.machines, &report) }
            position = last.position
            progress(report.records, overview.state.records)
        }
        report.isCopy = await inspector.readsCopy
        return report
    }

    private func take(_ checked: CheckedRecord, _ machines: [JournalOverview.Machine], _ report: inout Report) {
        report.records += 1
        guard let stored = checked.stored else {
            report.damaged += 1
            if report.firstDamaged.count < Self.listed {
                report.firstDamaged.append((checked.position, checked.fault ?? ""))
            }
            return
        }
        report.readings += UInt64(stored.record.readings.count)
        guard machines.indices.contains(stored.record.machine.rawValue), !stored.record.readings.isEmpty else { return }
        let machine = machines[stored.record.machine.rawValue]
        func name(_ signal: SignalNumber) -> String {
            let number = Int(signal.rawValue)
            return machine.signals.indices.contains(number) ? machine.signals[number] : "signal \(number)"
        }
        report.account.take(
            ReceivedBatch(
                machine: machine.id, epoch: stored.epoch,
                series: stored.record.readings.map { reading in
                    .init(
                        signal: name(reading.signal), seq: reading.seq,
                        samples: [
                            .init(time: reading.time, fingerprint: 0, isBad: reading.condition.quality == .bad)
                        ])
                },
                gaps: stored.record.gaps.map {
                    ReceivedGap(
                        signal: name($0.signal), from: $0.from, to: $0.to, lost: $0.lost, reason: $0.reason.name)
                }), label: machine.id)
    }
}
