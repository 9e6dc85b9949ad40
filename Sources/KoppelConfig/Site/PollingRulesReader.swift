internal import KoppelCore

/// Reads what units may do on their bus. Buses and machines have the same keys, whatever the profile (field rule P07).
struct PollingRulesReader {
    let section: Section

    func read() -> PollingRules {
        PollingRules(
            share: section["share"]?.percentage(in: 1...100).map { $0 / 100 },
            retries: section["retries"]?.int(in: 0...5))
    }
}
