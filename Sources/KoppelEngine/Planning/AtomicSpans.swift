internal import KoppelCore

/// Points that must come from one answer: a single point with its scale register and what says whether it counts, or a
/// whole coherence group with those of its members (field rules P31, P46, P47).
struct AtomicSpan: Sendable {
    /// The points that make the span due.
    let members: [Int]
    /// These and all that is read along.
    let points: [Int]
    let table: RegisterTable
    /// From the first to the last address, made even if the unit wants that.
    let addresses: ClosedRange<Int>
    /// Which readable run holds it; `nil` if the device was seen to refuse part of it. It is then read by itself.
    let run: Int?
}

/// Finds which points belong together, before anything is known of what is due.
struct PointClosure {
    private let points: [Point]
    private let indexes: [SignalName: Int]
    private let groups: [String: [Int]]
    private let absent: Set<Int>

    /// Points that are `absent`, since the device does not have them, belong to nothing.
    init(_ points: [Point], absent: Set<Int> = []) {
        self.points = points
        self.absent = absent
        indexes = Dictionary(points.enumerated().map { ($1.signal, $0) }, uniquingKeysWith: { first, _ in first })
        groups = Dictionary(
            grouping: points.indices.filter { points[$0].group != nil && !absent.contains($0) }
        ) { points[$0].group ?? "" }
    }

    /// Points that are due together: each group, and each point without a group.
    var clusters: [[Int]] {
        points.indices.filter { !absent.contains($0) }.compactMap { index in
            guard let group = points[index].group else { return [index] }
            return groups[group]?.first == index ? groups[group] : nil
        }
    }

    /// All points that the cluster needs in the same answer, itself included, in rising order.
    ///
    /// - Throws: The name of a needed signal that is not there.
    func needs(of cluster: [Int]) throws(MissingCompanion) -> [Int] {
        var found = Set(cluster)
        var open = cluster
        while let index = open.popLast() {
            var wanted = points[index].group.flatMap { groups[$0] } ?? []
            if found.isSuperset(of: wanted) { wanted = [] }
            for name in points[index].companions {
                guard let companion = indexes[name] else { throw MissingCompanion(name: name) }
                wanted.append(companion)
            }
            open += wanted.filter { found.insert($0).inserted }
        }
        return found.sorted()
    }

    struct MissingCompanion: Error {
        let name: SignalName
    }
}

extension Point {
    /// The addresses of its value. The upper bound is past 65,535 if the profile is wrong.
    var addresses: ClosedRange<Int> { Int(address)...(Int(address) + max(wire.registers, 1) - 1) }
}

extension RegisterSpan {
    var range: ClosedRange<Int> { Int(addresses.lowerBound)...Int(addresses.upperBound) }
}
