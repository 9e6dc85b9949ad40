internal import KoppelConfig
internal import KoppelCore
internal import KoppelEngine
internal import Logging

/// What runs while a site is served.
extension Agent {
    enum Ending: Sendable {
        case stop
        case reload(Site)
        /// The journal has to be opened again.
        case damage
    }

    /// Serves until something ends it. Other destinations in the site file, and nothing else, do not end it: those that
    /// have changed are served anew, and buses and the rest go on.
    ///
    /// - Returns: Why it ended, and the site as it was served last.
    func serve(
        _ services: SiteAssembly.Services, assembly: SiteAssembly, keeper: FactKeeper, _ occurrences: Occurrences
    ) async -> (reason: Ending, site: Site) {
        var services = services
        var assembly = assembly
        announce(services, of: assembly.site)
        return await withTaskGroup(of: Ending?.self) { group in
            for bus in services.buses {
                group.addTask {
                    await bus.run()
                    return nil
                }
            }
            var destinations = RunningDestinations()
            for destination in services.destinations { destinations.start(destination, in: &group) }
            addUpkeep(services, of: assembly, keeper: keeper, occurrences, to: &group)
            let waitForEnd = { (assembly: SiteAssembly, services: SiteAssembly.Services) in
                { @Sendable () async -> Ending? in await self.waitForEnd(occurrences, assembly, services) }
            }
            group.addTask(operation: waitForEnd(assembly, services))
            var ending = Ending.stop
            while let one = await group.next() {
                guard let one else { continue }
                ending = one
                guard case .reload(let site) = one else { break }
                var next = assembly
                next.site = site
                guard let changes = next.changes(from: assembly.site, services) else { break }
                for id in changes.going { await destinations.stop(id) }
                do throws(JournalError) {
                    for one in try await next.apply(changes, to: &services) { destinations.start(one, in: &group) }
                } catch {
                    // Serving the whole site anew says what is wrong with the journal.
                    Logger.current.error("The destinations cannot change", metadata: ["error": "\(error)"])
                    break
                }
                assembly = next
                announce(services, of: site)
                notifier.ready()
                group.addTask(operation: waitForEnd(assembly, services))
            }
            group.cancelAll()
            await group.waitForAll()
            return (ending, assembly.site)
        }
    }

    private func announce(_ services: SiteAssembly.Services, of site: Site) {
        Logger.current.notice(
            "Running",
            metadata: [
                "buses": "\(services.buses.count)", "machines": "\(site.machines.count)",
                "destinations": "\(services.destinations.count)",
            ])
    }

    /// Everything beside buses and destinations.
    private func addUpkeep(
        _ services: SiteAssembly.Services, of assembly: SiteAssembly, keeper: FactKeeper, _ occurrences: Occurrences,
        to group: inout TaskGroup<Ending?>
    ) {
        group.addTask {
            await keepPruned(assembly.journal, occurrences)
            return nil
        }
        group.addTask {
            await show(services, of: assembly.site)
            return nil
        }
        group.addTask {
            while !Task.isCancelled {
                do { try await ContinuousClock().sleep(for: .seconds(5)) } catch { return nil }
                await keeper.keep()
            }
            return nil
        }
        group.addTask {
            await keepWatchdog()
            return nil
        }
        group.addTask {
            // A request may take the longest answer time on its bus, and the time to connect before it.
            let allowed = assembly.site.machines.reduce(into: [Identifier: Duration]()) { allowed, machine in
                guard let bus = assembly.site.buses.first(where: { $0.id == machine.bus }) else { return }
                let longest = max(bus.timeout, machine.profile.timing.responseTimeout ?? .zero)
                allowed[bus.id] = max(allowed[bus.id] ?? .zero, longest * 2)
            }
            while !Task.isCancelled {
                threads.look(allowed: allowed)
                do { try await ContinuousClock().sleep(for: .seconds(1)) } catch { return nil }
            }
            return nil
        }
        group.addTask {
            // By then everything that only the start needs is done.
            do { try await ContinuousClock().sleep(for: .seconds(3)) } catch { return nil }
            StartupMemory.letGo()
            return nil
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

    private func waitForEnd(
        _ occurrences: Occurrences, _ assembly: SiteAssembly, _ services: SiteAssembly.Services
    ) async -> Ending {
        while true {
            switch await occurrences.next() {
            case .stop: return .stop
            case .damage: return .damage
            case .reload: if let site = reload(assembly, services) { return .reload(site) }
            }
        }
    }

    /// The site file as it is now; `nil` if the running one has to go on.
    private func reload(_ assembly: SiteAssembly, _ services: SiteAssembly.Services) -> Site? {
        notifier.reloading()
        let running = assembly.site
        let loaded = load()
        report(loaded.issues)
        // A renewed certificate or password is a change, too.
        if loaded.site == running, assembly.changes(from: running, services)?.isEmpty != false {
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

    /// Runs on the shared pool on purpose: if the pool is stuck, systemd does not hear of us; nor if nothing can be stored.
    private func keepWatchdog() async {
        guard let interval = notifier.watchdogInterval else { return }
        while !Task.isCancelled {
            if !threads.isCoreStuck { notifier.alive() }
            do { try await ContinuousClock().sleep(for: interval) } catch { return }
        }
    }
}
