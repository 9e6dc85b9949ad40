internal import Foundation
package import KoppelConfig
internal import KoppelCore
internal import KoppelEngine
internal import KoppelJournal
internal import Logging
internal import UnixSignals

/// The daemon: one site, one journal, until it is told to stop.
///
/// SIGHUP loads the site file again: a good one replaces the plans and destinations while journal and cursors stay, a
/// bad one is reported and the old one goes on. SIGTERM and SIGINT stop within the shutdown limit of the site.
package struct Agent: Sendable {
    let load: @Sendable () -> SiteLoad
    let notifier: ServiceNotifier
    private let wallClock = WallClock.system()
    let localCounts = LocalCounts()
    let threads: ThreadWatch
    private let session = "urn:uuid:\(UUID().uuidString.lowercased())"

    /// - Parameters:
    ///   - environment: Where systemd leaves its socket and watchdog time.
    ///   - load: Loads and checks the site file; called at start and at each SIGHUP.
    package init(environment: [String: String], load: @escaping @Sendable () -> SiteLoad) {
        self.load = load
        notifier = ServiceNotifier(environment: environment)
        threads = ThreadWatch(watchdog: notifier.watchdogInterval)
    }

    /// Runs until it is told to stop.
    ///
    /// - Throws: ``AgentFailure`` if the files are wrong or the journal cannot be opened.
    package func run() async throws(AgentFailure) {
        // Before anything else: from here on no signal ends the process by default (field rule P84).
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup)
        let occurrences = Occurrences()
        let outcome = await withTaskGroup(of: Result<Void, AgentFailure>?.self) { group in
            group.addTask {
                await forward(signals, to: occurrences)
                return nil
            }
            group.addTask {
                do throws(AgentFailure) {
                    try await runSite(occurrences)
                    return .success(())
                } catch {
                    return .failure(error)
                }
            }
            var outcome: Result<Void, AgentFailure>?
            while outcome == nil, let one = await group.next() { outcome = one }
            group.cancelAll()
            return outcome
        }
        try outcome?.get()
        Logger.current.notice("Stopped")
    }

    /// Stopping is bounded from the signal on, whatever the agent is doing at that moment.
    private func forward(_ signals: UnixSignalsSequence, to occurrences: Occurrences) async {
        for await signal in signals {
            guard signal != .sighup else {
                occurrences.note(.reload)
                continue
            }
            Logger.current.notice("Stopping", metadata: ["signal": "\(signal)"])
            notifier.stopping()
            ShutdownLimit.begin(occurrences.shutdownLimit)
            occurrences.note(.stop)
        }
    }

    private func runSite(_ occurrences: Occurrences) async throws(AgentFailure) {
        let loaded = load()
        report(loaded.issues)
        guard var site = loaded.site else { throw .configuration(loaded.issues) }
        do throws(JournalError) {
            var journal = try await openJournal(site)
            var history = journal.history
            let since = wallClock.now
            let factsFile = FactsFile(folder: site.agent.dataFolder)
            let facts = FactBoard(factsFile.load(now: since))
            let keeper = FactKeeper(board: facts, file: factsFile)
            let quarantine = QuarantineFile(folder: site.agent.dataFolder)
            let audit = AuditFile(dataFolder: site.agent.dataFolder)
            // Of this run and of earlier ones. Grows only with what the owner changes in the site file.
            var former = try await journal.descriptions()
            while true {
                occurrences.shutdownLimit = site.agent.shutdownLimit
                let assembly = SiteAssembly(
                    site: site, journal: journal, history: history, wallClock: wallClock, session: session,
                    since: since, journalIsDamaged: { occurrences.note(.damage) }, quarantine: quarantine,
                    localCounts: localCounts, former: former, facts: facts, threads: threads, audit: audit)
                let services = try await assembly.services()
                notifier.ready()
                let end = await serve(services, assembly: assembly, keeper: keeper, occurrences)
                await keeper.keep()
                site = end.site
                switch end.reason {
                case .stop:
                    try await journal.close()
                    return
                case .reload(let next):
                    site = next
                    former += services.machines.filter { !former.contains($0) }
                    history.lastEnd = .stopped
                    (history.lastAlive, history.lastAliveOnWall) = (wallClock.now, nil)
                case .damage:
                    await closeDamaged(journal)
                    occurrences.forget(.damage)
                    journal = try await openJournal(site)
                    history = journal.history
                }
            }
        } catch {
            throw .journal(error)
        }
    }

    // MARK: Journal

    private func openJournal(_ site: Site) async throws(JournalError) -> SQLiteJournal {
        let journal = try await SQLiteJournal.open(
            folder: site.agent.dataFolder, settings: site.agent.journal,
            surroundings: JournalSurroundings(clock: wallClock, doubtsClock: !site.agent.clockIsolated))
        report(journal.history)
        return journal
    }

    /// A damaged journal is closed and opened again, which sets the file aside and begins a new epoch. The pause keeps
    /// a volume that damages everything from being written without end.
    private func closeDamaged(_ journal: SQLiteJournal) async {
        Logger.current.error("The journal is damaged; it is opened again")
        do throws(JournalError) {
            try await journal.close()
        } catch {
            // What could not be stored is known, and opening says what became of the file.
            Logger.current.debug("The damaged journal was closed", metadata: ["error": "\(error)"])
        }
        // Throws only when the task is cancelled, and then the next wait ends the run.
        do { try await ContinuousClock().sleep(for: .seconds(1)) } catch { return }
    }

    // MARK: Reports

    func report(_ issues: [ConfigIssue]) {
        for issue in issues {
            switch issue.severity {
            case .error: Logger.current.error("\(issue)")
            case .warning: Logger.current.warning("\(issue)")
            }
        }
    }

    private func report(_ history: JournalHistory) {
        switch history.lastEnd {
        case .first, .stopped: return
        case .crashed:
            Logger.current.warning("The last run ended without closing the journal; what is missing is declared")
        case .damaged(let path):
            Logger.current.error(
                "The journal was damaged and set aside; a new one begins and what is missing is declared",
                metadata: ["path": "\(path)"])
        }
    }
}
