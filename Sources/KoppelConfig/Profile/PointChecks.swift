internal import KoppelCore

/// Checks that look at more than one key of a profile: registers, requests, rules between points.
///
/// Points before `first` were checked before and are only compared with; the issue of a pair stands at the later one.
struct PointChecks {
    let points: [LocatedPoint]
    var first = 0
    let limits: UnitLimits

    func run() {
        checkNames()
        for located in points[first...] {
            checkShape(located)
            checkBands(located.point, at: located)
        }
        for table in RegisterTable.allCases { checkOverlap(in: table) }
        checkScaleRegisters()
        checkValidity()
        checkGroups()
    }

    private func checkNames() {
        var lines: [SignalName: Int] = [:]
        for (index, located) in points.enumerated() {
            let line = located.field.node.position.line
            if let earlier = lines.updateValue(line, forKey: located.point.signal), index >= first {
                located.place("signal").error(
                    "the signal `\(located.point.signal)` stands twice, also in line \(earlier)")
            }
        }
    }

    /// What one request and the address space allow for one value.
    private func checkShape(_ located: LocatedPoint) {
        let point = located.point
        let count = point.wire.registers
        if point.table.isBits, point.wire != .bool {
            located.place("wireType").error(
                "a \(point.table.entity) is one bit", hint: "Write wireType: bool.")
        }
        if point.lastAddress > 65_535 {
            located.place("address").error(
                "\(count) registers from data address \(point.address) run past address 65535")
        }
        if !point.table.isBits, count > limits.registersPerRequest {
            located.place("wireType").error(
                "\(count) registers are more than one request of this device reads (\(limits.registersPerRequest))",
                hint: "A value is never read in two requests.")
        }
        if limits.start(toReach: point.address, in: point.table) == nil {
            located.place("address").error(
                "no read may begin at or before data address \(point.address) (limits.startAt)")
        } else if count <= limit(of: point.table), let span = span([point]), span > limit(of: point.table) {
            located.place("address").error(
                "a read of it begins \(span - count) addresses earlier (limits.startAt), and one request of this device"
                    + " reads \(limit(of: point.table))")
        }
        if limits.evenAlignment, !point.table.isBits {
            if !point.address.isMultiple(of: 2) {
                located.place("address").error(
                    "data address \(point.address) is odd, and this device needs even ones (limits.evenAlignment)",
                    hint: "Check whether the manual counts from 1.")
            } else if !count.isMultiple(of: 2) {
                located.place("wireType").error(
                    "\(count) \(count == 1 ? "register" : "registers") is an odd count, and this device needs even ones"
                        + " (limits.evenAlignment)")
            }
        }
        if case .string = point.wire, point.kind != .text, point.kind != .event {
            located.place("kind").error("wireType string goes with kind text, not \(point.kind.rawValue)")
        }
        if point.kind == .text, point.enumeration.isEmpty, point.wire.bitWidth != nil {
            located.place("kind").error("kind text goes with wireType string", hint: "A number with names is a state.")
        }
    }

    private func checkBands(_ point: Point, at located: LocatedPoint) {
        guard let range = point.range, let limits = point.limits else { return }
        if range.low < limits.low || range.high > limits.high {
            located.place("range").error(
                "the working band \(range.low) to \(range.high) lies outside the limits \(limits.low) to \(limits.high)"
            )
        }
    }

    /// Two points may share a register only as bit fields that do not overlap.
    private func checkOverlap(in table: RegisterTable) {
        let ordered = points.indices.filter { points[$0].point.table == table }
            .sorted { (points[$0].point.address, $0) < (points[$1].point.address, $1) }
        var reach: Int?
        var fields: [(index: Int, mask: UInt16)] = []
        for index in ordered {
            let point = points[index].point
            if let reaching = reach, points[reaching].point.lastAddress >= Int(point.address) {
                let mask = point.fieldMask
                if let mask, points[reaching].point.fieldMask != nil {
                    let sharing = fields.filter { points[$0.index].point.address == point.address }
                    if let other = sharing.first(where: { $0.mask & mask != 0 }) { reportOverlap(index, other.index) }
                } else {
                    reportOverlap(index, reaching)
                }
            }
            if let mask = point.fieldMask {
                fields.removeAll { points[$0.index].point.address != point.address }
                fields.append((index, mask))
            }
            if reach.map({ points[$0].point.lastAddress < point.lastAddress }) ?? true { reach = index }
        }
    }

    private func reportOverlap(_ one: Int, _ other: Int) {
        let (earlier, later) = (min(one, other), max(one, other))
        guard later >= first else { return }
        let (left, right) = (points[earlier], points[later])
        let from = max(left.point.address, right.point.address)
        let sentence =
            if left.point.fieldMask != nil, right.point.fieldMask != nil {
                "shares bits of data address \(from) with `\(left.point.signal)`"
            } else if left.point.address == right.point.address {
                "reads data address \(from), which `\(left.point.signal)` reads too"
                    + (left.point.wire == right.point.wire ? "" : ", as another type")
            } else {
                "overlaps `\(left.point.signal)` at data address \(from)"
            }
        right.place("address").error(
            sentence,
            hint:
                "`\(left.point.signal)` stands in line \(left.field.node.position.line). Only bit, bits, int8 and uint8"
                + " fields may share a register.")
    }

    private func checkScaleRegisters() {
        let byName = Dictionary(points.map { ($0.point.signal, $0.point) }) { first, _ in first }
        let known = knownAddresses()
        for located in points[first...] {
            guard let name = located.point.scaleRegister else { continue }
            let place = located.place("scaleRegister")
            guard let scale = byName[name] else {
                place.error(
                    "there is no signal `\(name)`",
                    hint: suggestion(for: name.description, in: points.map(\.point.signal.description)))
                continue
            }
            if scale.signal == located.point.signal || scale.scaleRegister != nil {
                place.error("a scale register has no scale register itself")
            } else if !scale.validWhen.isEmpty {
                place.error("`\(name)` is a scale register, so it has no `validWhen`", hint: "Give it to the values.")
            } else if scale.table != located.point.table {
                place.error(
                    "`\(name)` lies in another table (\(scale.table.entity)), and both must be read in one request")
            } else if let span = span([scale, located.point]), span > limit(of: scale.table) {
                place.error(
                    "`\(name)` lies \(span) registers apart, and one request of this device reads"
                        + " \(limit(of: scale.table))",
                    hint: "Both must be read in one request.")
            } else if !scale.wire.isWholeNumber {
                place.error("`\(name)` is no whole number, so it cannot be a power of ten")
            } else {
                warnOfGap(between: [scale, located.point], known: known, at: place)
            }
        }
    }

    private func checkGroups() {
        var groups: [String: [LocatedPoint]] = [:]
        for located in points {
            if let group = located.point.group { groups[group, default: []].append(located) }
        }
        let checked = Set(points[first...].compactMap(\.point.group))
        for (name, members) in groups.sorted(by: { $0.key < $1.key }) where checked.contains(name) {
            guard let last = members.last else { continue }
            if let stray = members.first(where: { $0.point.table != members[0].point.table }) {
                stray.place("group").error(
                    "group `\(name)` lies in two tables, so one request cannot read it",
                    hint: "`\(members[0].point.signal)` lies in \(members[0].point.table.entity).")
            } else if let span = span(members.map(\.point)), span > limit(of: last.point.table) {
                last.place("group").error(
                    "group `\(name)` spans \(span) addresses, and one request of this device reads"
                        + " \(limit(of: last.point.table))")
            }
        }
    }

    /// Every address that a point takes.
    func knownAddresses() -> [RegisterTable: Set<Int>] {
        points.reduce(into: [:]) { known, located in
            known[located.point.table, default: []].formUnion(Int(located.point.address)...located.point.lastAddress)
        }
    }

    /// What must be read in one request may have registers between it that nobody has said exist.
    func warnOfGap(between members: [Point], known: [RegisterTable: Set<Int>], at place: Field) {
        guard !limits.allGapsReadable, let table = members.first?.table, let low = members.map(\.address).min(),
            let high = members.map(\.lastAddress).max(), high <= 65_535, high - Int(low) < limit(of: table)
        else { return }
        let readable = limits.readableGaps.filter { $0.table == table }
        let unknown = (Int(low)...high).filter { address in
            known[table]?.contains(address) != true && !readable.contains { $0.addresses.contains(UInt16(address)) }
        }
        guard let from = unknown.first, let to = unknown.last else { return }
        place.warning(
            "data addresses \(low) to \(high) are read in one request for this, and nothing says that the device has "
                + (from == to ? "\(from)" : "\(from) to \(to)"),
            hint: "List them in limits.gaps if it answers them; if not, it cannot be read.")
    }

    func span(_ points: [Point]) -> Int? {
        guard let first = points.min(by: { $0.address < $1.address }), let high = points.map(\.lastAddress).max() else {
            return nil
        }
        return high - Int(limits.start(toReach: first.address, in: first.table) ?? first.address) + 1
    }

    func limit(of table: RegisterTable) -> Int {
        table.isBits ? limits.bitsPerRequest : limits.registersPerRequest
    }
}

extension Point {
    /// The last address it takes; may lie past 65,535 before checking.
    fileprivate var lastAddress: Int { Int(address) + wire.registers - 1 }

    /// Which bits of one register it takes, if it takes only some.
    fileprivate var fieldMask: UInt16? {
        switch wire {
        case .bit(let bit): 1 << UInt16(bit)
        case .bits(let lsb, let width): UInt16((1 << width) - 1) << UInt16(lsb)
        case .int8(let half), .uint8(let half): half == .high ? 0xFF00 : 0x00FF
        default: nil
        }
    }
}

extension WireType {
    var isWholeNumber: Bool {
        switch self {
        case .float32, .float64, .string, .bool, .bit: false
        default: true
        }
    }
}
