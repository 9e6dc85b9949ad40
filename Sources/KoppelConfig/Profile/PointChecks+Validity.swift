internal import KoppelCore

extension PointChecks {
    /// What says whether a value counts has to be there, to be a plain number, and to be read in the same request.
    func checkValidity() {
        guard points[first...].contains(where: { !$0.point.validWhen.isEmpty }) else { return }
        let byName = Dictionary(points.map { ($0.point.signal, $0.point) }) { first, _ in first }
        let scales = Set(points.compactMap(\.point.scaleRegister))
        let known = knownAddresses()
        for located in points[first...] {
            for (index, rule) in located.point.validWhen.enumerated() {
                let place = located.condition(index)
                guard let status = byName[rule.signal] else {
                    place.error(
                        "there is no signal `\(rule.signal)`",
                        hint: suggestion(
                            for: rule.signal.description, in: points.map(\.point.signal.description))
                            ?? "Add it as a point of its own, with `publish: false` if nobody needs its value.")
                    continue
                }
                let needed = located.point.companions.compactMap { byName[$0] }
                let isScale = scales.contains(rule.signal)
                if let fault = fault(of: status, for: rule, at: located.point, needed: needed, isScale: isScale) {
                    place.error(fault.sentence, hint: fault.hint)
                } else {
                    warnOfGap(between: [status, located.point], known: known, at: place)
                }
            }
        }
    }

    private func fault(
        of status: Point, for rule: ValidityRule, at point: Point, needed: [Point], isScale: Bool
    ) -> (sentence: String, hint: String?)? {
        let name = status.signal
        if name == point.signal {
            return ("a value cannot say of itself whether it counts", "Raw numbers that are no value are `sentinels`.")
        }
        if isScale || !status.companions.isEmpty || status.scaling != .none {
            return (
                "`\(name)` cannot say it: it is scaled, a scale register, or has a `validWhen` itself",
                "Its number is compared as it stands in the register."
            )
        }
        if !status.wire.isWholeNumber && status.wire.bitWidth != 1 {
            return ("`\(name)` is no whole number and no bit", "Take a part of a register with wireType bit or bits.")
        }
        let way = "Take a status that lies with the value, or make an alarm of it."
        if status.table != point.table {
            return (
                "`\(name)` lies in another table (\(status.table.entity)), and both must be read in one request", way
            )
        }
        if status.place?.model != point.place?.model {
            return ("`\(name)` does not lie in the same SunSpec model, and both must be read in one request", way)
        }
        if let span = span([point] + needed), span > limit(of: point.table) {
            return (
                "with \(needed.map { "`\($0.signal)`" }.joined(separator: " and ")) it takes \(span)"
                    + " addresses, and one request of this device reads \(limit(of: point.table))",
                way
            )
        }
        if let number = rule.numbers.first(where: { !status.canBe($0) }) {
            let names = status.enumeration.keys.sorted().map { "\($0)" }.joined(separator: ", ")
            return ("`\(name)` is never \(number)", names.isEmpty ? nil : "By its `enum` it is one of \(names).")
        }
        return nil
    }
}

extension LocatedPoint {
    /// Where a condition of `validWhen` stands.
    fileprivate func condition(_ index: Int) -> Field {
        let whole = place("validWhen")
        guard whole.isList, let items = whole.list(), items.indices.contains(index) else { return whole }
        return items[index]
    }
}

extension ValidityRule {
    /// Every number that it names.
    fileprivate var numbers: [Int64] {
        switch otherwise {
        case .meaning: accepted
        case .byNumber(let meanings): accepted + meanings.keys.sorted()
        }
    }
}

extension Point {
    /// True if the register can hold the number, and the states of the signal have it.
    fileprivate func canBe(_ number: Int64) -> Bool {
        if kind == .state, !enumeration.isEmpty { return enumeration[number] != nil }
        return (wire.rawRange ?? 0...1).contains(Double(number))
    }
}
