internal import KoppelCore

extension LoadPrediction {
    /// Intervals people choose, in seconds.
    private static let usualIntervals: [Double] = [
        0.1, 0.2, 0.25, 0.5, 1, 2, 3, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 14_400, 86_400,
    ]

    /// Up to three sentences, each of which by itself brings the load down to a comfortable level (field rule P33).
    func waysOut(endpoint: BusEndpoint) -> [String] {
        let ways = [
            longerInterval, fasterLine(endpoint), fewerSignals, moreBuses(endpoint), fasterAndLonger(endpoint),
        ]
        return Array(ways.compactMap { $0 }.prefix(3))
    }

    /// Slows down the costliest group, or all of them if that one alone is not enough.
    private var longerInterval: String? {
        guard let costliest = groups.max(by: { ($0.row.load ?? 0) < ($1.row.load ?? 0) })?.row else { return nil }
        let others = load - (costliest.load ?? 0)
        let room = BusLoad.comfortable - others
        let wanted = room > 0 ? costliest.time.inSeconds / room : .infinity
        if let interval = Self.usualIntervals.first(where: { $0 >= wanted }), wanted < costliest.interval.inSeconds * 20
        {
            let result = others + costliest.time.inSeconds / interval
            return "Read \(costliest.signals.signals) of \(costliest.machine), now due every "
                + "\(costliest.interval.short), every \(Duration.seconds(interval).short) instead "
                + "(load \(result.percent))."
        }
        let factor = (load / BusLoad.comfortable * 10).rounded(.up) / 10
        return "Make every interval on this bus \(factor) times longer (load \((load / factor).percent))."
    }

    /// The lowest usual rate that is enough.
    private func fasterLine(_ endpoint: BusEndpoint) -> String? {
        guard
            let (faster, slower, result) = fasterRates(endpoint).first(where: { $0.load <= BusLoad.comfortable })
        else { return nil }
        return "Set the line and every unit on it to \(faster) baud instead of \(slower) (load \(result.percent))."
    }

    /// The next rate up, and longer intervals for the rest: each by itself asks too much of people.
    private func fasterAndLonger(_ endpoint: BusEndpoint) -> String? {
        guard let (faster, _, result) = fasterRates(endpoint).first(where: { $0.load < load }),
            result > BusLoad.comfortable
        else { return nil }
        let factor = (result / BusLoad.comfortable * 10).rounded(.up) / 10
        return "Set the line and every unit on it to \(faster) baud and make every interval \(factor) times longer "
            + "(load \((result / factor).percent))."
    }

    private func fasterRates(_ endpoint: BusEndpoint) -> [(faster: Int, slower: Int, load: Double)] {
        guard case .rtu(_, let line) = endpoint else { return [] }
        return [9_600, 19_200, 38_400, 57_600, 115_200].filter { $0 > line.baud }.map { baud in
            var faster = line
            faster.baud = baud
            return (baud, line.baud, load(at: .serial(faster)))
        }
    }

    /// Drops the costliest reads until it fits, and says how many signals that are.
    private var fewerSignals: String? {
        let reads = groups.flatMap { group in
            group.reads.map { (row: group.row, read: $0, load: $0.time.inSeconds / group.row.interval.inSeconds) }
        }.filter { $0.row.interval > .zero }.sorted { $0.load > $1.load }
        var left = load
        var dropped = 0
        while left > BusLoad.comfortable, dropped < reads.count {
            left -= reads[dropped].load
            dropped += 1
        }
        guard let first = reads.first, dropped < reads.count else { return nil }
        let signals = reads.prefix(dropped).reduce(0) { $0 + $1.read.points.count(where: \.isDue) }
        let request = first.read.request
        let last = Int(request.start) + Int(request.count) - 1
        return "Switch off \(signals.signals) to save \(dropped) of the \(reads.count) requests; the costliest is "
            + "\(first.row.machine), \(request.table.name) \(request.start) to \(last) "
            + "(load \(max(left, 0).percent))."
    }

    /// Spreads the machines, if there is more than one to spread.
    private func moreBuses(_ endpoint: BusEndpoint) -> String? {
        let machines = Set(groups.map(\.row.machine)).count
        let buses = Int((load / BusLoad.comfortable).rounded(.up))
        guard machines > 1, buses <= machines else { return nil }
        let kind = if case .rtu = endpoint { "serial lines" } else { "connections to devices of their own" }
        return
            "Spread the \(machines) machines over \(buses) \(kind) (load about \((load / Double(buses)).percent) each)."
    }
}

extension Double {
    /// 0.745 is `75 %`.
    var percent: String { "\(Int((self * 100).rounded())) %" }
}

extension Int {
    /// `1 signal`, `2 signals`.
    fileprivate var signals: String { self == 1 ? "1 signal" : "\(self) signals" }
}
