package import KoppelCore

/// Points that no allowed request can read, and what to change in the profile.
///
/// It depends on the profile and the unit's limits only, never on what is due or on what was learned: `koppel check` finds
/// all of them, those of a SunSpec device excepted, whose registers lie where the device says.
package struct PlanningError: Error, Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// They have to come from one answer and one request may not ask for so much.
        case tooLarge(count: Int, limit: Int)
        /// They have to come from one answer and lie in different tables.
        case differentTables
        /// A signal that the value needs in the same answer is not among the machine's points.
        case companionMissing(SignalName)
        /// The unit wants even starts and counts, and the register that would make it even is not known to exist.
        case oddEdge(neighbour: Int)
        /// The unit takes reads from marked addresses on only, and none is marked at or before it.
        case noStart
        /// The value runs past address 65,535.
        case pastTheEnd
    }

    package let kind: Kind
    package let unit: UnitID
    /// The indexes of the points that cannot be read for this reason.
    package let points: [Int]
    /// All signals that have to be read together, those read along included.
    package let signals: [SignalName]
    /// From the first to the last address of them, in the table of the first.
    package let table: RegisterTable
    package let addresses: ClosedRange<Int>
}

extension PlanningError: CustomStringConvertible {
    package var description: String {
        let shown = signals.prefix(3).map(\.description).joined(separator: ", ")
        let more = signals.count > 3 ? " and \(signals.count - 3) more" : ""
        let range =
            addresses.count == 1 ? "\(addresses.lowerBound)" : "\(addresses.lowerBound) to \(addresses.upperBound)"
        let place = "unit \(unit.rawValue), \(shown)\(more) (\(table.name) \(range))"
        switch kind {
        case .tooLarge(let count, let limit):
            let what = table.isBits ? "bits" : "registers"
            return "\(place): needs \(count) \(what) in one request and the limit is \(limit). "
                + "Take signals out of the group, name a nearer scale register or status, or raise the limit in the profile"
        case .differentTables:
            return "\(place): has to come from one answer and lies in more than one table. "
                + "Give the group, the scale register or `validWhen` points of one table only"
        case .companionMissing(let name):
            return "\(place): \(name), which it names as scale register or in `validWhen`, is not among the points. "
                + "Add it to the profile, with `publish: false` if nobody needs its value"
        case .oddEdge(let neighbour):
            return "\(place): this unit wants even starts and counts, and \(table.name) \(neighbour) is not known to "
                + "exist. Add it to the readable gaps in the profile, or switch even alignment off"
        case .noStart:
            return "\(place): no read may begin at or before it. Add an address to `limits.startAt` in the profile"
        case .pastTheEnd:
            return "\(place): runs past the last address, 65535. Check address and type"
        }
    }
}
