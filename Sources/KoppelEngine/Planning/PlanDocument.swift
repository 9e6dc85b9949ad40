internal import KoppelCore

// The form of `koppel check --plan --json`: times in milliseconds, loads in percent, names as in the site file.

extension BusLoad: Encodable {
    private enum Key: String, CodingKey {
        case bus, connections, units, rows, problems, isEstimate, fullSweepRequests, fullSweepMs, loadPercent, verdict
        case waysOut, note
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(bus.description, forKey: .bus)
        try container.encode(connections, forKey: .connections)
        try container.encode(units, forKey: .units)
        try container.encode(rows, forKey: .rows)
        try container.encode(problems, forKey: .problems)
        try container.encode(isEstimate, forKey: .isEstimate)
        try container.encode(fullSweepRequests, forKey: .fullSweepRequests)
        try container.encode(fullSweepTime.milliseconds, forKey: .fullSweepMs)
        try container.encode(load.asPercent, forKey: .loadPercent)
        try container.encode(verdict.rawValue, forKey: .verdict)
        try container.encode(waysOut, forKey: .waysOut)
        try container.encodeIfPresent(note, forKey: .note)
    }
}

extension BusLoad.Row: Encodable {
    private enum Key: String, CodingKey {
        case machine, unit, intervalMs, signals, requests, reads, registers, bits, timeMs, loadPercent
        case leastReadingsPerDay, mostReadingsPerDay
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(machine.description, forKey: .machine)
        try container.encode(unit.rawValue, forKey: .unit)
        try container.encode(interval.milliseconds, forKey: .intervalMs)
        try container.encode(signals, forKey: .signals)
        try container.encode(requests, forKey: .requests)
        try container.encode(reads, forKey: .reads)
        try container.encode(registers, forKey: .registers)
        try container.encode(bits, forKey: .bits)
        try container.encode(time.milliseconds, forKey: .timeMs)
        try container.encodeIfPresent(load?.asPercent, forKey: .loadPercent)
        try container.encode(leastReadingsPerDay.rounded(), forKey: .leastReadingsPerDay)
        try container.encode(mostReadingsPerDay.rounded(), forKey: .mostReadingsPerDay)
    }
}

extension PlannedRead: Encodable {
    private enum Key: String, CodingKey { case table, first, count, signals, timeMs }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(request.table.name, forKey: .table)
        try container.encode(request.start, forKey: .first)
        try container.encode(request.count, forKey: .count)
        try container.encode(points.count(where: \.isDue), forKey: .signals)
        try container.encode(time.milliseconds, forKey: .timeMs)
    }
}

extension LearnedFact: Encodable {
    private enum Key: String, CodingKey {
        case bus, unit, profile, version, fact, table, first, last, answered, refused, exception, learned, retry
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(unit.bus.description, forKey: .bus)
        try container.encode(unit.unit.rawValue, forKey: .unit)
        try container.encode(model.profile.description, forKey: .profile)
        try container.encode(model.version, forKey: .version)
        try container.encode(description, forKey: .fact)
        try container.encode(kind.table.name, forKey: .table)
        switch kind {
        case .points(let span), .gap(let span):
            try container.encode(span.addresses.lowerBound, forKey: .first)
            try container.encode(span.addresses.upperBound, forKey: .last)
        case .limit(_, let answered, let refused):
            try container.encode(answered, forKey: .answered)
            try container.encode(refused, forKey: .refused)
        }
        try container.encodeIfPresent(exception?.code, forKey: .exception)
        try container.encode(learned.nanoseconds / 1_000_000, forKey: .learned)
        try container.encode(retry.nanoseconds / 1_000_000, forKey: .retry)
    }
}

extension BusLoad.Problem: Encodable {
    private enum Key: String, CodingKey { case machine, signals, problem }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(machine.description, forKey: .machine)
        try container.encode(error.signals.map(\.description), forKey: .signals)
        try container.encode(error.description, forKey: .problem)
    }
}

extension JournalForecast: Encodable {
    private enum Key: String, CodingKey { case leastBytesPerDay, mostBytesPerDay, leastHours, mostHours }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(leastBytesPerDay.rounded(), forKey: .leastBytesPerDay)
        try container.encode(mostBytesPerDay.rounded(), forKey: .mostBytesPerDay)
        try container.encodeIfPresent(leastHours?.inTenths, forKey: .leastHours)
        try container.encodeIfPresent(mostHours?.inTenths, forKey: .mostHours)
    }
}

extension Duration {
    /// Milliseconds to the microsecond.
    fileprivate var milliseconds: Double { (inSeconds * 1_000_000).rounded() / 1_000 }
}

extension Double {
    fileprivate var inTenths: Double { (self * 10).rounded() / 10 }
    fileprivate var asPercent: Double { (self * 100).inTenths }
}
