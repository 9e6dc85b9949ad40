internal import KoppelCore

/// Finds out what a unit minds in a read of several values that it refused (field rule P28).
///
/// The read is cut in two at its widest gap, and both parts take their place in the plans that follow: no request is
/// sent for the search alone. A part that is refused is cut again, until a single value is left, which is then
/// somebody else's business. If every part is answered, the trouble lies in the gap between them, or in the length of
/// the whole.
///
/// Bounded: at most ``mostSuspects`` refused reads are looked into at a time.
struct RefusalSearch: Sendable {
    static let mostSuspects = 16
    /// After so many refusals in a row the unit may as well refuse everything. Then only one of the parts is cut
    /// further, down to a single value.
    static let mostInARow = 8

    enum Verdict: Hashable, Sendable {
        /// All around is answered, so these addresses are what is refused.
        case gap(RegisterSpan, ModbusException)
        /// Each address is answered, so it is the length of the request.
        case length(ReadRequest, ModbusException)
    }

    /// A refused read under investigation.
    fileprivate struct Suspect: Sendable {
        let request: ReadRequest
        let addresses: ClosedRange<Int>
        let exception: ModbusException
        /// Where it is cut: the addresses between the two parts are in neither.
        let cuts: [Int]
        /// What no answer has covered since.
        var open: [ClosedRange<Int>]
        /// The values in it.
        let values: [ClosedRange<Int>]
    }

    private var suspects: [Suspect] = []
    private var refusalsInARow = 0
    /// A single value was refused since the last answer.
    private var hasRefusedSingle = false

    var isIdle: Bool { suspects.isEmpty }

    /// The boundaries that no read may cross meanwhile: around each refused read, and where it is cut.
    var cuts: [ReadRestrictions.Cut] {
        suspects.flatMap { suspect in
            ([suspect.addresses.lowerBound, suspect.addresses.upperBound + 1] + suspect.cuts).map {
                ReadRestrictions.Cut(table: suspect.request.table, before: $0)
            }
        }
    }

    /// A read was refused. `halves` are the two parts it can be cut into.
    ///
    /// - Returns: False if it is not looked into, because the search is at its bound.
    mutating func refused(
        _ request: ReadRequest, halves: (ReadRequest, ReadRequest), values: [ClosedRange<Int>],
        exception: ModbusException
    ) -> Bool {
        refusalsInARow += 1
        let refused = request.addresses
        // What a smaller refused read explains needs no search of its own.
        suspects.removeAll { $0.request.table == request.table && $0.addresses.contains(refused) }
        if suspects.contains(where: { $0.request.table == request.table && refused.contains($0.addresses) }) {
            return true
        }
        guard suspects.count < Self.mostSuspects else { return false }
        if refusalsInARow > Self.mostInARow {
            guard !hasRefusedSingle, suspects.allSatisfy({ $0.request.count > request.count }) else { return false }
        }
        let (left, right) = (halves.0.addresses, halves.1.addresses)
        suspects.append(
            Suspect(
                request: request, addresses: refused, exception: exception,
                cuts: right.lowerBound > left.upperBound + 1
                    ? [left.upperBound + 1, right.lowerBound] : [right.lowerBound],
                open: [refused], values: values))
        return true
    }

    /// A value was refused when it was asked by itself, which explains every refused read around it.
    mutating func explained(_ request: ReadRequest) {
        refusalsInARow += 1
        hasRefusedSingle = true
        suspects.removeAll { $0.request.table == request.table && $0.addresses.contains(request.addresses) }
    }

    /// A read was answered, and with it all addresses in it are cleared.
    mutating func answered(_ request: ReadRequest) -> [Verdict] {
        refusalsInARow = 0
        hasRefusedSingle = false
        guard !suspects.isEmpty else { return [] }
        let answered = request.addresses
        var verdicts: [Verdict] = []
        for index in suspects.indices where suspects[index].request.table == request.table {
            suspects[index].open = suspects[index].open.flatMap { $0.without(answered) }
        }
        suspects.removeAll { suspect in
            // The device changed its mind: the very same is answered now.
            if suspect.request.table == request.table, answered.contains(suspect.addresses) { return true }
            guard let verdict = suspect.verdict else { return false }
            verdicts.append(verdict)
            return true
        }
        return verdicts
    }
}

extension RefusalSearch.Suspect {
    /// What it comes down to, once no value is open any more.
    fileprivate var verdict: RefusalSearch.Verdict? {
        guard !values.contains(where: { value in open.contains { $0.overlaps(value) } }) else { return nil }
        // An exception for the value of a field speaks of the count (Modbus application protocol 1.1b3, 6.3).
        guard let first = open.first, exception.code != 3, first.lowerBound >= 0, first.upperBound <= 65_535 else {
            return .length(request, exception)
        }
        let gap = open.max { $0.count < $1.count } ?? first
        return .gap(
            RegisterSpan(table: request.table, addresses: UInt16(gap.lowerBound)...UInt16(gap.upperBound)), exception)
    }
}

extension ReadRequest {
    var addresses: ClosedRange<Int> { Int(start)...(Int(start) + Int(count) - 1) }
}

extension ClosedRange<Int> {
    /// What is left when these are taken away.
    func without(_ other: ClosedRange<Int>) -> [ClosedRange<Int>] {
        guard overlaps(other) else { return [self] }
        var rest: [ClosedRange<Int>] = []
        if lowerBound < other.lowerBound { rest.append(lowerBound...(other.lowerBound - 1)) }
        if upperBound > other.upperBound { rest.append((other.upperBound + 1)...upperBound) }
        return rest
    }
}
