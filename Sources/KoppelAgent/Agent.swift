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
        let loaded = load()
        report(loaded.issues)
        guard var site = loaded.site else { throw .configuration(loaded.issues) }
        let dataFolder = site.agent.dataFolder
        let journal: SQLiteJournal
        do throws(JournalError) {
            journal = try await SQLiteJournal.open(
                folder: dataFolder, settings: site.agent.journal, surroundings: JournalSurroundings(clock: wallClock))
        } catch {
            throw .journal(error)
        }
        report(journal.history)
        let since = wallClock.now
        var history = journal.history
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup)
        do throws(JournalError) {
            while true {
                let assembly = SiteAssembly(
                    site: site, journal: journal, history: history, wallClock: wallClock, session: session,
                    since: since)
                let services = try await assembly.services()
                notifier.ready()
                guard case .reload(let next) = await serve(services, site: site, journal: journal, signals) else {
                    break
                }
                site = next
                history.lastEnd = .stopped
                history.lastAlive = wallClock.now
            }
            try await journal.close()
        } catch {
            throw .journal(error)
        }
        Logger.current.notice("Stopped")
    }

    // MARK: Running

    private enum Ending: Sendable {
        case stop
        case reload(Site)
    }

    private func serve(
        _ services: SiteAssembly.Services, site: Site, journal: any Journal, _ signals: UnixSignalsSequence
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
                await keepPruned(journal)
                return nil
            }
            group.addTask {
                await keepWatchdog()
                return nil
            }
            group.addTask { await waitForSignal(signals, running: site) }
            var ending = Ending.stop
            while let one = await group.next() {
                guard let one else { continue }
                ending = one
                break
            }
            if case .stop = ending {
                notifier.stopping()
                ShutdownLimit.begin(site.agent.shutdownLimit)
            }
            group.cancelAll()
            await group.waitForAll()
            return ending
        }
    }

    private func waitForSignal(_ signals: UnixSignalsSequence, running: Site) async -> Ending? {
        for await signal in signals {
            guard signal == .sighup else {
                Logger.current.notice("Stopping", metadata: ["signal": "\(signal)"])
                return .stop
            }
            notifier.reloading()
            let loaded = load()
            report(loaded.issues)
            if let site = loaded.site, site.agent.dataFolder == running.agent.dataFolder {
                Logger.current.notice("The site file was loaded again")
                return .reload(site)
            }
            Logger.current.error(
                loaded.site == nil
                    ? "The site file has errors; the old one goes on"
                    : "The data folder cannot change while running; restart the agent. The old site file goes on")
            notifier.ready()
        }
        return nil
    }

    /// Often enough to keep a journal small, and seldom enough to cost nothing on an idle box: each time writes what
    /// every signal said last. The journal keeps to its limits by itself, however fast it fills.
    private func keepPruned(_ journal: any Journal) async {
        var isFailing = false
        while !Task.isCancelled {
            do { try await ContinuousClock().sleep(for: .seconds(5)) } catch { return }
            do throws(JournalError) {
                try await journal.prune()
                isFailing = false
            } catch {
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
