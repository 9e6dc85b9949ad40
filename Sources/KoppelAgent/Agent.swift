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
    private let load: @Sendable () -> SiteLoad
    private let notifier: ServiceNotifier
    private let wallClock = WallClock.system()
    private let localCounts = LocalCounts()
    private let session = "urn:uuid:\(UUID().uuidString.lowercased())"

    /// - Parameters:
    ///   - environment: Where systemd leaves its socket and watchdog time.
    ///   - load: Loads and checks the site file; called at start and at each SIGHUP.
    package init(environment: [String: String], load: @escaping @Sendable () -> SiteLoad) {
        self.load = load
        notifier = ServiceNotifier(environment: environment)
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
            // Grows only with what the owner takes out of the site file.
            var former: [MachineDescription] = []
            while true {
                occurrences.shutdownLimit = site.agent.shutdownLimit
                let assembly = SiteAssembly(
                    site: site, journal: journal, history: history, wallClock: wallClock, session: session,
                    since: since, journalIsDamaged: { occurrences.note(.damage) }, localCounts: localCounts,
                    former: former)
                let services = try await assembly.services()
                notifier.ready()
                switch await serve(services, site: site, journal: journal, occurrences) {
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

    // MARK: Running

    private enum Ending: Sendable {
        case stop
        case reload(Site)
        /// The journal has to be opened again.
        case damage
    }

    private func serve(
        _ services: SiteAssembly.Services, site: Site, journal: any Journal, _ occurrences: Occurrences
    ) async -> Ending {
        Logger.current.notice(
            "Running",
            metadata: [
                "buses": "\(services.buses.count)", "machines": "\(site.machines.count)",
                "destinations": "\(services.deliveries.count)",
            ])
        return await withTaskGroup(of: Ending?.self) { group in
            for bus in services.buses {
                group.addTask {
                    await bus.run()
                    return nil
                }
            }
            for delivery in services.deliveries {
                group.addTask {
                    do {
                        try await delivery.run()
                    } catch {
                        Logger.current.error("A destination cannot be served", metadata: ["error": "\(error)"])
                    }
                    return nil
                }
            }
            group.addTask {
                await keepPruned(journal, occurrences)
                return nil
            }
            group.addTask {
                await show(services, of: site)
                return nil
            }
            group.addTask {
                await keepWatchdog()
                return nil
            }
            group.addTask {
                // By then everything that only the start needs is done.
                do { try await ContinuousClock().sleep(for: .seconds(3)) } catch { return nil }
                StartupMemory.letGo()
                return nil
            }
            group.addTask { await waitForEnd(occurrences, running: site) }
            var ending = Ending.stop
            while let one = await group.next() {
                guard let one else { continue }
                ending = one
                break
            }
            group.cancelAll()
            await group.waitForAll()
            return ending
        }
    }

    /// Answers `koppel status`, `record` and `explain`.
    private func show(_ services: SiteAssembly.Services, of site: Site) async {
        let server = LocalServer(
            socket: LocalSocket(dataFolder: site.agent.dataFolder), counts: localCounts,
            answer: services.status.answer)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await services.gauge.run() }
            group.addTask { await services.gauge.sample() }
            group.addTask { await services.status.watch() }
            group.addTask { await server.run() }
        }
    }

    private func waitForEnd(_ occurrences: Occurrences, running: Site) async -> Ending {
        while true {
            switch await occurrences.next() {
            case .stop: return .stop
            case .damage: return .damage
            case .reload: if let site = reload(running) { return .reload(site) }
            }
        }
    }

    /// The site file as it is now; `nil` if the running one has to go on.
    private func reload(_ running: Site) -> Site? {
        notifier.reloading()
        let loaded = load()
        report(loaded.issues)
        if loaded.site == running {
            Logger.current.notice("The site file was loaded again; nothing has changed")
            notifier.ready()
            return nil
        }
        if let site = loaded.site, site.agent.dataFolder == running.agent.dataFolder {
            Logger.current.notice("The site file was loaded again")
            return site
        }
        Logger.current.error(
            loaded.site == nil
                ? "The site file has errors; the old one goes on"
                : "The data folder cannot change while running; restart the agent. The old site file goes on")
        notifier.ready()
        return nil
    }

    /// Often enough to keep a journal small, and seldom enough to cost nothing on an idle box: each time writes what
    /// every signal said last. The journal keeps to its limits by itself, however fast it fills.
    private func keepPruned(_ journal: any Journal, _ occurrences: Occurrences) async {
        var isFailing = false
        while !Task.isCancelled {
            do { try await ContinuousClock().sleep(for: .seconds(5)) } catch { return }
            do throws(JournalError) {
                try await journal.prune()
                isFailing = false
            } catch {
                if error.kind == .corrupt { occurrences.note(.damage) }
                if !isFailing {
                    Logger.current.error("The journal cannot be pruned", metadata: ["error": "\(error)"])
                }
                isFailing = true
            }
        }
    }

    /// Runs on the shared pool on purpose: if the pool is stuck, systemd does not hear of us.
    private func keepWatchdog() async {
        guard let interval = notifier.watchdogInterval else { return }
        while !Task.isCancelled {
            notifier.alive()
            do { try await ContinuousClock().sleep(for: interval) } catch { return }
        }
    }

    // MARK: Reports

    private func report(_ issues: [ConfigIssue]) {
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
