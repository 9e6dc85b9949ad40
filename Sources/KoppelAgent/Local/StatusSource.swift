internal import Foundation
internal import Glibc
internal import KoppelCore
internal import KoppelEngine
internal import KoppelModbus

/// Everything the local socket shows, gathered from where it is kept. Asking changes nothing.
struct StatusSource: Sendable {
    let site: Site
    let since: Timestamp
    let wallClock: WallClock
    let rings: [Identifier: FrameRing]
    let destinations: DestinationBoard
    let journal: JournalGauge
    let plan: SitePlan
    let health: HealthBoard
    let facts: FactBoard
    let threads: ThreadWatch
    private let times = StateTimes()
    let counts: LocalCounts

    /// The document for a request of a client.
    func answer(_ request: LocalRequest?) async -> [UInt8] {
        let answer: LocalAnswer
        switch request {
        case .status: answer = LocalAnswer(status: await status())
        case .frames(let bus, let from):
            if let frames = frames(bus, from: from) {
                answer = LocalAnswer(frames: frames)
            } else {
                let known = rings.keys.map(\.description).sorted().joined(separator: ", ")
                answer = LocalAnswer(error: "this agent polls no bus `\(bus)`. It polls: \(known)")
            }
        case nil: answer = LocalAnswer(error: "this is no question the agent knows. Are both of the same version?")
        }
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return Array(try encoder.encode(answer))
        } catch {
            // A number that is not finite: our own mistake, which must not end the agent.
            return Array(#"{"error":"the status cannot be written"}"#.utf8)
        }
    }

    private func frames(_ id: Identifier, from number: UInt64) -> FramesDocument? {
        guard let ring = rings[id], let bus = site.buses.first(where: { $0.id == id }) else { return nil }
        let excerpt = ring.excerpt(from: number)
        let begin = wallClock.wall.advanced(by: .zero - excerpt.begin.duration(to: .now))
        let micros = begin.nanoseconds / 1_000 * 1_000
        var transcript = Transcript(of: bus, version: koppelVersion, begin: Timestamp(nanoseconds: micros))
        // The longest a machine on the bus is waited for, so that a replay waits as long.
        transcript.timeout = site.machines.filter { $0.bus == id }.compactMap(\.profile.timing.responseTimeout)
            .reduce(bus.timeout, max)
        transcript.lost = excerpt.lost
        transcript.entries = excerpt.entries
        return FramesDocument(transcript: transcript.text, next: excerpt.next)
    }

    func status() async -> StatusDocument {
        let filled = await journal.latest()
        var status = StatusDocument(
            now: Moment(wallClock.wall), agent: agent, buses: buses,
            learned: facts.facts.prefix(StatusDocument.mostLearned).map(StatusDocument.Learned.init),
            destinations: destinations.destinations.map { destination($0, destinations.gauges[$0.id]) },
            journal: filled.map { journal($0.state, $0.counted) },
            local: .init(served: counts[.served], refused: counts[.refused], cutOff: counts[.cutOff]))
        status.notStored = journal.sink.whyNothingIsStored
        status.problems = status.judgedProblems()
        return status
    }

    /// A moment in the agent's own time as the clock on the wall has it.
    private func moment(_ time: Timestamp) -> Moment { Moment(time.advanced(by: wallClock.reading.step)) }

    private var agent: StatusDocument.Agent {
        StatusDocument.Agent(
            id: site.agent.id.description, version: koppelVersion, process: getpid(), since: moment(since),
            clock: clock, clockErrorMs: wallClock.reading.errorMilliseconds, memoryBytes: residentBytes,
            logLines: LogLineCount.total)
    }

    private var clock: String {
        let isTrusted = site.agent.clockIsolated && wallClock.state == .unsynchronised
        return isTrusted ? "isolated" : wallClock.state.name
    }

    /// What the kernel counts as resident; `nil` if it does not say.
    private var residentBytes: Int? {
        // try? because a figure that is missing is shown as missing.
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .ascii) else { return nil }
        let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        return pages.map { $0 * Int(getpagesize()) }
    }

    /// Sees every two seconds in which state buses and units are, so that it is known since when, until the task is
    /// cancelled.
    func watch() async {
        while !Task.isCancelled {
            for bus in health.all {
                _ = since(bus.bus, is: bus)
                for unit in bus.units { _ = since(unit) }
            }
            do { try await ContinuousClock().sleep(for: .seconds(2)) } catch { return }
        }
    }

    private var buses: [StatusDocument.Bus] {
        let health = Dictionary(health.all.map { ($0.bus, $0) }) { first, _ in first }
        return site.buses.map { bus($0, health[$0.id]) }
    }

    private func bus(_ settings: BusSettings, _ health: BusHealth?) -> StatusDocument.Bus {
        let ring = rings[settings.id]
        let planned = plan.buses.first { $0.id == settings.id }
        let isStuck = threads.isStuck(bus: settings.id)
        let state =
            ring == nil ? "unused" : isStuck ? "stuck" : health.map { $0.isOpen ? "open" : "closed" } ?? "waiting"
        return StatusDocument.Bus(
            id: settings.id.description, url: Transcript(of: settings, version: "", begin: wallClock.now).url,
            state: state, since: health.map { since(settings.id, is: $0) }, failures: health?.linkFailures ?? 0,
            lastError: health?.lastLinkTrouble.map { "\($0)" },
            lastErrorAt: health?.lastLinkTrouble.map { moment($0.time) }, plannedLoad: planned?.load ?? 0,
            load: health?.busyShare, heard: health.flatMap { StatusDocument.Heard($0.heard) },
            ring: .init(bytes: ring?.size.used ?? 0, limitBytes: ring?.limit ?? 0),
            units: (health?.units ?? []).map { figures in
                var unit = StatusDocument.Unit(figures, since: since(figures), moment: moment)
                let simulated = site.machines.filter { $0.simulated && figures.machines.contains($0.id) }
                if !simulated.isEmpty { unit.simulated = simulated.map(\.id.description) }
                return unit
            })
    }

    private func since(_ id: Identifier, is health: BusHealth) -> Moment {
        moment(times.since("\(id)", is: health.isOpen ? "open" : "closed", at: wallClock.now))
    }

    private func since(_ unit: UnitFigures) -> Moment {
        let name = "\(unit.key.bus)/\(unit.key.unit.rawValue)"
        return moment(times.since(name, is: unit.state.rawValue, at: wallClock.now))
    }

    private func destination(_ settings: DestinationSettings, _ gauge: DeliveryGauge?) -> StatusDocument.Destination {
        let figures = gauge?.figures
        return StatusDocument.Destination(
            id: settings.id.description,
            url: "\(settings.tls == nil ? "mqtt" : "mqtts")://\(settings.host):\(settings.port)",
            state: threads.isStuck(destination: settings.id)
                ? "stuck"
                : figures.map { $0.isConnected ? $0.awaitedHost == nil ? "connected" : "waiting" : "away" }
                    ?? "not-served",
            since: moment(figures?.changed ?? since), failures: figures?.failures ?? 0,
            lastError: figures?.lastError, backlog: figures?.backlog?.readings,
            oldest: figures?.backlog?.oldest.map(Moment.init), counted: figures?.counted.map(moment),
            catchUpSeconds: figures?.catchUp?.inSeconds,
            lastAcknowledged: figures?.lastAcknowledged.map(moment), refused: figures?.refused ?? 0,
            lastRefusal: figures?.lastRefusal?.reasonCode, lastRefused: figures?.lastRefused.map(moment),
            refusedTopic: figures?.refusedTopic, quarantined: figures?.quarantined ?? 0,
            awaitedHost: figures?.awaitedHost)
    }

    private func journal(_ state: JournalState, _ counted: Timestamp) -> StatusDocument.Journal {
        let pace = journal.pace
        let wear = journal.wear
        let left = Double(max(0, site.agent.journal.limit - state.bytes))
        // A stored reading takes what those in the file take; few say nothing, and then the plan's assumption stands in.
        let size =
            state.readings >= 10_000 ? Double(state.bytes) / Double(state.readings) : SitePlan.bytesPerReading
        return StatusDocument.Journal(
            bytes: state.bytes, limitBytes: site.agent.journal.limit, oldest: state.oldest.map(Moment.init),
            dropped: state.dropped, readingsPerSecond: pace,
            hoursLeft: pace.flatMap { $0 > 0 ? left / ($0 * size) / 3_600 : nil },
            writtenBytesPerReading: wear.map { ($0.perReading * 10).rounded() / 10 },
            writtenBytesPerDay: wear?.perDay.rounded(), counted: moment(counted))
    }
}
