internal import KoppelConfig
package import KoppelCore
internal import KoppelDialects

/// Every machine of a site as it answers now, for a report that is handed over (`koppel report`).
///
/// Bounded: each machine is read ``rounds`` times, one that is silent once, and there at most three reads wait for
/// their timeout. Buses are read at the same time, each on its own thread; on one bus there is one question at a time.
package struct SiteSurvey: Sendable {
    /// How often each machine is read, so that response times have a spread.
    package static let rounds = 4

    package struct Machine: Sendable {
        package var settings: MachineSettings
        /// Of the last round; `nil` if the bus could not be opened.
        package var now: LiveReader.MachineNow?
        /// What to subscribe to for everything of the machine, once for each form in which a destination has its topics.
        /// Names that a sharing policy hides are not among them.
        package var topics: [String]
    }

    package struct Bus: Sendable {
        package var settings: BusSettings
        package var plan: SitePlan.Bus?
        package var failure: BusError?
        /// Every response time of all machines and rounds, shortest first.
        package var times: [Duration]

        /// The time that this part of the answers kept to, 0 to 1; `nil` without answers.
        package func time(at part: Double) -> Duration? {
            guard !times.isEmpty else { return nil }
            return times[min(times.count - 1, Int(Double(times.count) * part))]
        }

        /// How much of the timeout the slow answers leave, 0 to 1.
        package var headroom: Double? {
            time(at: 0.99).map { 1 - $0.inSeconds / settings.timeout.inSeconds }
        }
    }

    package var site: Site
    package var taken: Timestamp
    package var version: String
    package var plan: SitePlan
    package var buses: [Bus]
    package var machines: [Machine]

    /// A survey with results that are already there.
    package init(
        site: Site, taken: Timestamp, version: String, results: [Identifier: BusResult]
    ) {
        self.site = site
        self.taken = taken
        self.version = version
        let plan = SitePlan(site, now: taken)
        self.plan = plan
        buses = site.buses.map { bus in
            let result = results[bus.id]
            return Bus(
                settings: bus, plan: plan.buses.first { $0.id == bus.id }, failure: result?.failure,
                times: (result?.times ?? []).sorted())
        }
        machines = site.machines.map { machine in
            Machine(
                settings: machine, now: results[machine.bus]?.machines[machine.id],
                topics: Self.topics(of: machine, for: site.destinations))
        }
    }

    private static func topics(of machine: MachineSettings, for destinations: [DestinationSettings]) -> [String] {
        var topics: [String] = []
        for destination in destinations where destination.isServed {
            if case .policy(let policy) = destination.share,
                !policy.enforcement.pseudonymise.isDisjoint(with: [.machine, .area, .line, .cell])
            {
                continue
            }
            let topic =
                destination.sparkplug.map { SparkplugDialect.dataTopic(of: machine.id, $0) }
                ?? TopicTree.machineBase(machine.location, form: destination.topics) + "#"
            if !topics.contains(topic) { topics.append(topic) }
        }
        return topics
    }

    /// What reading the machines of one bus gave.
    package struct BusResult: Sendable {
        package var failure: BusError?
        package var times: [Duration] = []
        package var machines: [Identifier: LiveReader.MachineNow] = [:]

        package init() {}
    }

    /// Reads the site.
    package static func take(_ site: Site, clock: WallClock = .system()) async -> SiteSurvey {
        let results = await withTaskGroup(of: (Identifier, BusResult).self) { group in
            for bus in site.buses {
                let machines = site.machines.filter { $0.bus == bus.id }
                guard !machines.isEmpty else { continue }
                group.addTask { (bus.id, await read(bus, machines, clock)) }
            }
            var results: [Identifier: BusResult] = [:]
            for await (bus, result) in group { results[bus] = result }
            return results
        }
        return SiteSurvey(site: site, taken: clock.now, version: koppelVersion, results: results)
    }

    private static func read(_ bus: BusSettings, _ machines: [MachineSettings], _ clock: WallClock) async -> BusResult {
        var result = BusResult()
        do throws(BusError) {
            let probe = try RegisterProbe(bus: bus, clock: clock)
            try await probe.open()
            let reader = LiveReader(probe)
            for _ in 0..<rounds {
                for machine in machines {
                    // A machine that said nothing says nothing the next time, and costs its timeouts again.
                    if let before = result.machines[machine.id], before.times.isEmpty { continue }
                    let now = await reader.read(machine)
                    result.times += now.times
                    result.machines[machine.id] = now
                }
            }
            await probe.close()
        } catch {
            result.failure = error
        }
        return result
    }
}
