/// Ranks every way to read registers against the value a person expects there (field rules P36, P39, P48).
///
/// A way counts for more the less likely it is to hit the expected band by chance, and for less the rarer it is in the
/// field. Ways that give the same values in every sample cannot be told apart by them and share a rank.
package struct RegisterIdentification: Sendable {
    package struct Match: Hashable, Sendable {
        package var candidate: RegisterCandidate
        /// From 1. Equal ranks mean equal values in every sample.
        package var rank: Int
        /// The words of the first sample.
        package var words: [UInt16]
        /// The value in each sample that holds its words, in their order.
        package var values: [Double]
        /// In how many samples the value lies in the expected band.
        package var hits: Int
        /// Evidence in bits less rarity; only for comparing.
        package var score: Double

        package var isInBandAlways: Bool { hits == values.count }
    }

    /// Best first. Those that were in the band in every sample if there are any, else those that were once.
    package let matches: [Match]

    /// - Parameters:
    ///   - samples: At least one; several, while the value moves, tell more.
    ///   - readings: What the address may mean, likeliest first.
    ///   - expected: The band the value must lie in. The narrower it is, the surer the result.
    package init(samples: [RegisterSample], readings: [AddressReading], expected: Band) {
        let likelihood = RegisterLikelihood(expected: expected)
        var found: [Match] = []
        for (place, reading) in readings.enumerated() {
            // The two tables stand beside each other in the list, so two places are one step less likely.
            let rarity = Double(place / 2) * 3 + Double(place % 2) * 0.25
            let runs = (0...4).map { count in
                samples.compactMap { $0.run(of: reading.table, from: reading.address, count: count) }
            }
            for candidate in RegisterCandidate.all(for: reading) {
                guard let match = Self.match(candidate, runs[candidate.wire.registers], expected) else { continue }
                found.append(match)
                found[found.count - 1].score = likelihood.score(match) - rarity
            }
        }
        if found.contains(where: \.isInBandAlways) { found.removeAll { !$0.isInBandAlways } }
        matches = Self.ranked(found)
    }

    private static func match(
        _ candidate: RegisterCandidate, _ samples: [[UInt16]], _ expected: Band
    ) -> Match? {
        guard let name = SignalName("measured/value") else { return nil }
        let decoder = PointDecoder(candidate.point(named: name))
        var values: [Double] = []
        var hits = 0
        for words in samples {
            guard let value = decoder.decode(words.span).value?.number else { return nil }
            values.append(value)
            if expected.low <= value, value <= expected.high { hits += 1 }
        }
        guard hits > 0 else { return nil }
        return Match(candidate: candidate, rank: 0, words: samples[0], values: values, hits: hits, score: 0)
    }

    private static func ranked(_ found: [Match]) -> [Match] {
        var best: [[Double]: Double] = [:]
        for match in found { best[match.values] = max(best[match.values] ?? match.score, match.score) }
        // Sorting is stable, so what is equal stays in the order of the list it was made from.
        var matches = found.sorted { left, right in
            let (leftBest, rightBest) = (best[left.values] ?? 0, best[right.values] ?? 0)
            if leftBest != rightBest { return leftBest > rightBest }
            if left.values != right.values { return left.values.lexicographicallyPrecedes(right.values) }
            return left.score > right.score
        }
        var rank = 0
        for index in matches.indices {
            if index == 0 || matches[index].values != matches[index - 1].values { rank += 1 }
            matches[index].rank = rank
        }
        return matches
    }
}
