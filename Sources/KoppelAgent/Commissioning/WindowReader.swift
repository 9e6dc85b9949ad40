package import KoppelCore

/// Reads the words around an address of which it is not yet known what lies there (`koppel identify`).
///
/// A device may refuse a read because one word of it does not exist, or because it wants even addresses. So each way
/// to read the address is asked from its own first word on, four words, then two, then one. At most 12 requests a
/// sample, and what was refused once is not asked again.
package struct WindowReader: Sendable {
    private static let counts = [4, 2, 1]

    package struct Outcome: Sendable {
        package var sample: RegisterSample
        package var requests: Int
        /// One sentence for each place that gave no word.
        package var failures: [String]
    }

    private struct Place: Hashable {
        var table: RegisterTable
        var address: UInt16
    }

    private let probe: RegisterProbe
    private let unit: UnitID
    private let places: [Place]
    /// How many words each place gives; `nil` before it was asked, 0 if it gives none.
    private var known: [Place: Int] = [:]

    package init(probe: RegisterProbe, unit: UnitID, readings: [AddressReading]) {
        self.probe = probe
        self.unit = unit
        var places: [Place] = []
        for reading in readings {
            let place = Place(table: reading.table, address: reading.address)
            if !places.contains(place) { places.append(place) }
        }
        self.places = places
    }

    /// The most requests a sample takes.
    package var mostRequests: Int { places.count * Self.counts.count }

    package mutating func sample() async -> Outcome {
        var outcome = Outcome(sample: RegisterSample(), requests: 0, failures: [])
        for place in places where known[place] != 0 && !Task.isCancelled {
            var failure: String?
            for count in known[place].map({ [$0] }) ?? Self.counts {
                guard let request = ReadRequest(unit: unit, table: place.table, start: place.address, count: count)
                else { continue }
                outcome.requests += 1
                switch await probe.ask(request) {
                case .answer(.words(let words), _):
                    outcome.sample.add(words, table: place.table, from: place.address)
                    known[place] = count
                    failure = nil
                case .answer(.exception(let exception), _):
                    failure = "\(request): the device answers with \(exception)"
                    // A smaller read may be allowed.
                    continue
                case .failed(let error):
                    failure = error.description
                }
                break
            }
            guard let failure else { continue }
            outcome.failures.append(failure)
            if known[place] == nil, failure.contains("exception") { known[place] = 0 }
        }
        return outcome
    }
}
