internal import Foundation
internal import KoppelConfig
internal import KoppelCore
internal import KoppelDialects
internal import KoppelEngine
internal import KoppelExecutor
internal import KoppelMQTT
internal import KoppelModbus
internal import Logging

/// Wires the parts of one site together: registers its machines, and makes a service for each bus and destination.
struct SiteAssembly {
    var site: Site
    let journal: any Journal
    let history: JournalHistory
    let wallClock: WallClock
    /// `urn:uuid:` of this run of the agent.
    let session: String
    /// When this run began, on the agent's own time.
    let since: Timestamp
    /// Called when a destination finds that the journal cannot be read any more.
    let journalIsDamaged: @Sendable () -> Void
    /// Where refused messages go, from whatever destination.
    let quarantine: any Quarantine
    /// How the clients of the local socket fared in this run.
    let localCounts: LocalCounts
    /// Machines as they were before the site file was loaded again, or when the agent ran before.
    var former: [MachineDescription] = []
    /// What the units taught.
    var facts = FactBoard()
    /// Which threads are stuck.
    let threads: ThreadWatch
    /// Where the buses leave their figures.
    var health = HealthBoard()
    /// Where departures to other parties are written down.
    var audit: any AuditTrail

    /// What has to run for the site, and what is stored before anything is read.
    struct Services: Sendable {
        var buses: [BusService<ThreadClock>]
        var destinations: [ServedDestination]
        /// What the local socket shows, and who counts for it.
        var status: StatusSource
        var gauge: JournalGauge
        /// What consumers are told of each machine.
        var machines: [MachineDescription]
        let sink: ReadingSink
        let board: DestinationBoard
    }

    func services() async throws(JournalError) -> Services {
        try await journal.setDestinations(site.destinations.filter(\.isServed).map(\.id))

        let agent = agent
        var descriptions: [MachineDescription] = []
        var polled: [Identifier: [PolledMachine]] = [:]
        var opening: [SweptRecord] = []
        for machine in site.machines {
            guard let bus = site.buses.first(where: { $0.id == machine.bus }) else { continue }
            let assembly = MachineAssembly(settings: machine, bus: bus)
            let register = try await journal.register(
                MachineRegistration(
                    id: machine.id, signals: assembly.signals.entries.map(\.name),
                    fingerprint: DescriptorFingerprint.of(
                        assembly.description(assembly.provisionalRegister), agent: agent)))
            descriptions.append(assembly.description(register))
            var one = PolledMachine(
                settings: machine, register: register, cost: BusCost(bus.endpoint),
                doubtsClock: !site.agent.clockIsolated, facts: facts, window: site.agent.window)
            for problem in one.problems {
                Logger.current.error(
                    "Some signals can never be read", metadata: ["machine": "\(machine.id)", "error": "\(problem)"])
            }
            if let record = one.opening(time: wallClock.now, history: history, clock: wallClock.reading) {
                opening.append(record)
            }
            polled[bus.id, default: []].append(one)
        }

        await tellClosed()
        await keep(descriptions)
        let destinations = site.destinations.filter(\.isServed).compactMap {
            destination($0, machines: descriptions)
        }
        let board = DestinationBoard()
        board.show(site.destinations, destinations)
        let sink = ReadingSink(journal: journal, lanes: destinations.compactMap(\.lane))
        for refused in await sink.store(opening) {
            for (bus, machines) in polled {
                guard let index = machines.firstIndex(where: { $0.number == refused.record.machine }) else { continue }
                polled[bus]?[index].couldNotStore(refused.record)
            }
        }
        let rings = rings(of: site.buses.filter { polled[$0.id] != nil })
        let gauge = JournalGauge(journal: journal, sink: sink, destinations: board, wallClock: wallClock)
        return Services(
            buses: site.buses.compactMap {
                service(for: $0, machines: polled[$0.id] ?? [], sink: sink, tap: rings[$0.id])
            },
            destinations: destinations,
            status: StatusSource(
                site: site, since: since, wallClock: wallClock, rings: rings, destinations: board, journal: gauge,
                plan: SitePlan(site, now: wallClock.now), health: health, facts: facts, threads: threads,
                counts: localCounts),
            gauge: gauge, machines: descriptions, sink: sink, board: board)
    }

    /// What was told of machines before and is not told now.
    private func gone(from machines: [MachineDescription]) -> [MachineDescription] {
        let present = machines.map(\.withoutAccess)
        return former.filter { !present.contains($0.withoutAccess) }
    }

    /// Has the journal keep what is told of the machines: readings of them may still have to be delivered when the site
    /// file does not name them any more.
    private func keep(_ machines: [MachineDescription]) async {
        for machine in machines {
            do throws(JournalError) {
                try await journal.keep(machine)
            } catch {
                // The next start tries again; until then only a machine taken out of the site file would miss it.
                Logger.current.error(
                    "A machine's description cannot be stored",
                    metadata: ["machine": "\(machine.id)", "error": "\(error)"])
            }
        }
    }

    private var agent: AgentDescription {
        AgentDescription(
            id: site.agent.id, urn: history.agentURN, version: koppelVersion, location: site.agent.location)
    }

    // MARK: Other destinations, and nothing else

    /// What has to end and what to begin so that the services serve this site; `nil` if more has changed than
    /// destinations, or if a new one wants latest values of a kind that nobody keeps.
    func changes(from old: Site, _ running: Services) -> DestinationChanges? {
        var same = site
        same.destinations = old.destinations
        guard same == old else { return nil }
        let changes = DestinationChanges(from: running.destinations, to: site.destinations.filter(\.isServed))
        let kept = running.destinations.reduce(into: Set<DestinationSettings.Publication>()) { kinds, destination in
            if destination.lane != nil { kinds.formUnion(destination.inputs.settings.publish) }
        }
        let isKnown = changes.coming.allSatisfy { $0.publish.liveKinds.isSubset(of: kept) }
        return isKnown ? changes : nil
    }

    /// Makes the services of the destinations that come, after those that go have ended.
    func apply(_ changes: DestinationChanges, to running: inout Services) async throws(JournalError)
        -> [ServedDestination]
    {
        try await journal.setDestinations(site.destinations.filter(\.isServed).map(\.id))
        await tellClosed()
        let coming = changes.coming.compactMap { destination($0, machines: running.machines) }
        running.destinations = changes.staying + coming
        await running.sink.serve(running.destinations.compactMap(\.lane))
        running.board.show(site.destinations, running.destinations)
        return coming
    }

    /// A ring of frames for each bus: 256 KiB, less where there are many, so that all of them stay below 4 MiB up to
    /// 256 buses.
    private func rings(of buses: [BusSettings]) -> [Identifier: FrameRing] {
        let limit = max(16 << 10, min(256 << 10, (4 << 20) / max(1, buses.count)))
        return Dictionary(buses.map { ($0.id, FrameRing(limit: limit)) }) { first, _ in first }
    }

    private func service(
        for bus: BusSettings, machines: [PolledMachine], sink: ReadingSink, tap: FrameRing?
    ) -> BusService<ThreadClock>? {
        guard !machines.isEmpty else { return nil }
        do throws(BusError) {
            let link = try ModbusBus.link(for: bus, clock: wallClock, tap: tap, yieldsLine: true)
            return BusService(
                bus: bus, machines: machines,
                parts: .init(
                    link: link, sink: sink, wallClock: wallClock, jitter: { Double.random(in: 0.5...1) },
                    facts: facts, health: health),
                clock: ThreadClock(on: link.executor))
        } catch {
            let link = UnusableLink(error: error)
            return BusService(
                bus: bus, machines: machines,
                parts: .init(link: link, sink: sink, wallClock: wallClock, jitter: { 1 }, health: health),
                clock: ThreadClock(on: link.executor))
        }
    }

    private func destination(
        _ destination: DestinationSettings, machines: [MachineDescription]
    ) -> ServedDestination? {
        do {
            let inputs = DestinationInputs(destination)
            let gauge = DeliveryGauge()
            let live = LiveLane(epoch: history.epoch, publish: destination.publish)
            let uplink = MQTTLink(settings: destination, clockOffset: { [wallClock] in wallClock.reading.offset })
            let run: @Sendable () async throws -> Void
            if case .policy(let policy) = destination.share {
                run = try sharing(with: destination, by: policy, machines, over: uplink, live, gauge)
            } else {
                let dialect = try DialectRegistry.dialect(
                    of: destination, agent: agent, machines: machines, former: gone(from: machines))
                run = delivery(to: destination, in: dialect, over: uplink, live, gauge)
            }
            // Latest values nobody is told of are not kept.
            return ServedDestination(
                inputs: inputs, gauge: gauge, lane: destination.publish.wantsLive ? live : nil, run: run)
        } catch {
            Logger.current.error(
                "A destination stays closed", metadata: ["destination": "\(destination.id)", "error": "\(error)"])
            return nil
        }
    }

    private func delivery(
        to destination: DestinationSettings, in dialect: SpokenDialect, over link: MQTTLink, _ live: LiveLane,
        _ gauge: DeliveryGauge
    ) -> @Sendable () async throws -> Void {
        let uplink = SessionAudit(
            link, agent: agent.urn, destination: destination.id, topics: topics, trail: audit, wallClock: wallClock)
        switch dialect {
        case .messages(let dialect):
            return DeliveryService(
                destination: destination,
                parts: .init(
                    journal: journal, uplink: uplink, dialect: dialect, live: live,
                    quarantine: quarantine, wallClock: wallClock,
                    session: session, since: since, journalIsDamaged: journalIsDamaged, gauge: gauge),
                clock: ThreadClock(on: link.executor)
            ).run
        case .edgeNode(let dialect):
            return EdgeNodeService(
                destination: destination,
                parts: .init(
                    journal: journal, uplink: uplink, dialect: dialect, live: live,
                    births: BirthNumberFile(folder: site.agent.dataFolder, destination: destination.id),
                    wallClock: wallClock, session: session, journalIsDamaged: journalIsDamaged, gauge: gauge),
                clock: ThreadClock(on: link.executor)
            ).run
        }
    }

    /// The delivery to another party: nothing reaches the connection but through what its policy lets out.
    private func sharing(
        with destination: DestinationSettings, by policy: SharingPolicy, _ machines: [MachineDescription],
        over link: MQTTLink, _ live: LiveLane, _ gauge: DeliveryGauge
    ) throws(AuditError) -> @Sendable () async throws -> Void {
        let shared = try SharedDestination(
            destination, policy: policy, agent: agent, machines: machines, former: gone(from: machines),
            dataFolder: site.agent.dataFolder, now: wallClock.wall)
        let clock = ThreadClock(on: link.executor)
        let gate = DepartureGate(
            names: .init(agent: agent.urn, destination: destination.id), policy: policy, rules: shared.rules,
            trail: audit, wallClock: wallClock, clock: clock)
        var parts = DeliveryService<ThreadClock>.Parts(
            journal: journal, uplink: PolicedUplink(link, gate: gate), dialect: shared.dialect, live: live,
            quarantine: AuditedQuarantine(quarantine, gate: gate), wallClock: wallClock, session: session, since: since,
            journalIsDamaged: journalIsDamaged, gauge: gauge)
        (parts.delay, parts.windows) = (policy.enforcement.delay, shared.windows)
        return DeliveryService(destination: destination, parts: parts, clock: clock).run
    }

    /// All topics of this site.
    private var topics: String { TopicTree.machineBase(Array(site.agent.location.prefix(2))) + "#" }

    /// Writes down which destinations stay closed, and why.
    private func tellClosed() async {
        for destination in site.destinations {
            switch destination.share {
            case .all: continue
            case .missingPolicy(let path):
                Logger.current.error(
                    "A destination stays closed: its sharing policy is not there",
                    metadata: ["destination": "\(destination.id)", "path": "\(path)"])
            case .policy(let policy):
                for refusal in policy.refusals {
                    Logger.current.error(
                        "A destination stays closed: its sharing policy may not be acted upon",
                        metadata: [
                            "destination": "\(destination.id)", "policy": "\(policy.path)", "where": "\(refusal.path)",
                            "reason": "\(refusal)",
                        ])
                    do throws(AuditError) {
                        try await audit.append(
                            .closed(
                                destination.id, by: policy, why: refusal, agent: history.agentURN, topics: topics,
                                time: wallClock.wall))
                    } catch {
                        Logger.current.error("The audit log cannot be written", metadata: ["error": "\(error)"])
                    }
                }
            }
        }
    }
}
