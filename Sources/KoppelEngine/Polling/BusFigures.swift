internal import KoppelCore

/// What a bus counts beside its units.
struct BusFigures {
    /// At most so often figures are taken.
    static let interval = Duration.seconds(1)
    /// Parts of the bus time are told over at least this long.
    static let window = Duration.seconds(10)

    var linkFailures: UInt64 = 0
    var lastLinkTrouble: UnitTrouble?
    /// Time of requests since `windowBegan`.
    var busy = Duration.zero
    var windowBegan = Duration.zero
    var lastTaken: Duration?
    /// What an answer takes on this bus when all is well: half of the units answer in this time or less.
    var usualResponse = Duration.zero
    var lineNews = LineNews()
}

extension BusPolling {
    /// Leaves the figures on the board, at most once a second.
    mutating func postFigures() async {
        let now = now
        if let last = figures.lastTaken, now - last < BusFigures.interval { return }
        figures.lastTaken = now
        let medians = units.compactMap(\.medianResponse).sorted()
        figures.usualResponse = medians.isEmpty ? .zero : medians[(medians.count - 1) / 2]
        let heard = await parts.link.counters()
        figures.lineNews.tell(heard, bus: bus.id)
        let window = now - figures.windowBegan
        let restart = window >= BusFigures.window
        parts.health.post(
            BusHealth(
                bus: bus.id, time: parts.wallClock.now, isOpen: link.isOpen, linkFailures: figures.linkFailures,
                lastLinkTrouble: figures.lastLinkTrouble,
                busyShare: window > .zero ? min(1, figures.busy.inSeconds / window.inSeconds) : 0, heard: heard,
                units: units.indices.map { units[$0].takeFigures(now: now, window: window, restart: restart) }))
        guard restart else { return }
        figures.busy = .zero
        figures.windowBegan = now
    }
}

extension PolledUnit {
    /// The units behind these machines, and for each machine the place of its own.
    static func units(of machines: [PolledMachine], on bus: BusSettings) -> (units: [PolledUnit], ofMachine: [Int]) {
        var places: [UnitOnBus: Int] = [:]
        var groups: [(key: UnitOnBus, machines: [PolledMachine])] = []
        let ofMachine = machines.map { machine in
            let key = UnitOnBus(bus: bus.id, unit: machine.unit)
            if let place = places[key] {
                groups[place].machines.append(machine)
                return place
            }
            places[key] = groups.count
            groups.append((key, [machine]))
            return groups.count - 1
        }
        let units = groups.map { key, machines in
            PolledUnit(
                key: key, machines: machines.map(\.id),
                share: machines.compactMap(\.polling.share).max() ?? bus.polling.share ?? BusTimeShare.usual,
                retries: machines.compactMap(\.polling.retries).max() ?? bus.polling.retries ?? 1,
                longestTimeout: machines.compactMap(\.timing.responseTimeout).max() ?? bus.timeout,
                isTimeoutFixed: machines.contains { $0.polling.isTimeoutFixed }, endpoint: bus.endpoint)
        }
        return (units, ofMachine)
    }
}
