internal import KoppelCore

extension ImportedDevice {
    /// Gives numbers the units that a person knows, where the file has none or one that is not certain.
    ///
    /// - Parameter units: From the name of a value, as the file or the profile has it, to its unit as people write it.
    /// - Returns: The names that no number has, sorted.
    package mutating func give(_ units: [String: String]) -> [String] {
        var unused = Set(units.keys)
        for index in points.indices {
            let found = points[index]
            let names = [found.register.name, found.subject, found.point.signal.description]
            guard let name = names.first(where: { units[$0] != nil }), found.point.wire.isNumber,
                found.point.kind != .state, !found.point.table.isBits
            else { continue }
            unused.remove(name)
            var register = found.register
            register.unit = units[name]
            if register.kind == .event { register.kind = nil }
            issues.removeAll {
                $0.path == found.subject && $0.position == found.position && $0.sentence.hasPrefix("without")
            }
            guard let (unit, quantityKind) = measure(&register, givenByPerson: true) else { continue }
            var point = found.point
            if point.kind == .event { point.kind = .measurement }
            (point.unit, point.quantityKind) = (unit, quantityKind)
            point.scaling =
                register.scale == 1 && register.offset == 0
                ? .none : Scaling(scale: register.scale, offset: register.offset)
            let group = Self.group(kind: point.kind, table: point.table, unit: unit, name: register.name)
            if register.group == nil, SignalName(register.name) == nil, point.signal.group != group {
                point.signal = naming.name(for: register.name, group: group)
            }
            points[index].point = point
        }
        return unused.sorted()
    }
}

extension WireType {
    /// False for texts and bits.
    fileprivate var isNumber: Bool {
        switch self {
        case .string, .bool, .bit: false
        default: true
        }
    }
}
