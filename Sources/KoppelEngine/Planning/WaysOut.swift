internal import KoppelCore

extension LoadPrediction {
    /// Up to three sentences, cheapest first, each of which by itself brings the load down to a comfortable level
    /// (field rule P33). Every one of them is planned anew, as the changed site file would be, before it is offered.
    func waysOut(endpoint: BusEndpoint) -> [String] {
        let slower = SlowerSignals(prediction: self)
        let ways = [
            { slower.longerInterval ?? slower.everythingSlower }, { fasterLine(endpoint) }, { slower.switchedOff },
            { moreBuses(endpoint) }, { fasterAndSlower(endpoint) },
        ]
        var found: [String] = []
        for way in ways where found.count < 3 {
            if let sentence = way() { found.append(sentence) }
        }
        return found
    }

    /// The lowest usual rate that is enough.
    private func fasterLine(_ endpoint: BusEndpoint) -> String? {
        guard
            let (faster, slower, result) = fasterRates(endpoint).first(where: { $0.load <= BusLoad.comfortable })
        else { return nil }
        return "Set the line and every unit on it to \(faster) baud instead of \(slower): bus load \(result.percent)."
    }

    /// The next rate up, and longer intervals for the rest: each by itself asks too much of people.
    private func fasterAndSlower(_ endpoint: BusEndpoint) -> String? {
        guard case .rtu(_, var line) = endpoint, let next = fasterRates(endpoint).first(where: { $0.load < load }),
            next.load > BusLoad.comfortable
        else { return nil }
        line.baud = next.faster
        let faster = LoadPrediction(machines: machines, cost: .serial(line))
        guard let (factor, result) = SlowerSignals(prediction: faster).factor else { return nil }
        return "Set the line and every unit on it to \(next.faster) baud, and make every interval \(factor) times "
            + "longer: bus load \(result.percent)."
    }

    private func fasterRates(_ endpoint: BusEndpoint) -> [(faster: Int, slower: Int, load: Double)] {
        guard case .rtu(_, let line) = endpoint else { return [] }
        return [9_600, 19_200, 38_400, 57_600, 115_200].filter { $0 > line.baud }.map { baud in
            var faster = line
            faster.baud = baud
            return (baud, line.baud, load(at: .serial(faster)))
        }
    }

    /// Spreads the machines over as few buses as do, the heaviest first, each to the bus with the most room.
    private func moreBuses(_ endpoint: BusEndpoint) -> String? {
        let loads = machines.map { machine in load(of: machine.id) }.sorted(by: >)
        let kind = if case .rtu = endpoint { "serial lines" } else { "connections to devices of their own" }
        guard loads.count > 1, let heaviest = loads.first, heaviest <= BusLoad.comfortable else { return nil }
        for count in 2...loads.count {
            var buses = [Double](repeating: 0, count: count)
            for load in loads {
                guard let emptiest = buses.indices.min(by: { buses[$0] < buses[$1] }) else { continue }
                buses[emptiest] += load
            }
            guard let fullest = buses.max(), fullest <= BusLoad.comfortable else { continue }
            return "Spread the \(loads.count) machines over \(count) \(kind): bus load \(fullest.percent) at most."
        }
        return nil
    }
}

extension Double {
    /// 0.745 is `75 %`.
    var percent: String { "\(Int((self * 100).rounded())) %" }
}
