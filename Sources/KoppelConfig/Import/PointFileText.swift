internal import KoppelCore

/// One point of a profile file.
struct PointFileText {
    let point: Point

    var lines: [String] {
        var lines = ["- signal: \(point.signal)"]
        if let label { lines.append("  label: \(label)") }
        lines += ["  entity: \(point.table.entity)", "  address: \(point.address)"]
        lines += wire.map { "  " + $0 }
        lines += scaling.map { "  " + $0 }
        if !point.sentinels.isEmpty {
            lines.append("  sentinels: [\(point.sentinels.map(sentinel).joined(separator: ", "))]")
        }
        if !point.validWhen.isEmpty {
            lines.append("  validWhen: [\(point.validWhen.map(validity).joined(separator: ", "))]")
        }
        lines.append("  kind: \(point.kind.rawValue)")
        if let kind = point.quantityKind { lines.append("  quantityKind: \(kind)") }
        if let unit = point.unit { lines.append("  unit: {ucum: \(quoted(unit.ucum, always: !isWord(unit.ucum)))}") }
        if !point.semanticIDs.isEmpty {
            lines.append(
                "  semanticId: [\(point.semanticIDs.map { quoted($0, always: true) }.joined(separator: ", "))]")
        }
        if let mtconnect = point.mtconnect { lines.append("  mtconnect: \(mtconnect)") }
        if let range = point.range { lines.append("  range: \(band(range))") }
        if let limits = point.limits { lines.append("  limits: \(band(limits))") }
        if !point.enumeration.isEmpty {
            let names = point.enumeration.sorted { $0.key < $1.key }.map { "\($0.key): \(quoted($0.value))" }
            lines.append("  enum: {\(names.joined(separator: ", "))}")
        }
        if let counter = point.counter { lines.append("  counter: \(rule(counter))") }
        if let sampling { lines.append("  sampling: \(sampling)") }
        if let group = point.group { lines.append("  group: \(group)") }
        if !point.published { lines.append("  publish: false") }
        return lines.map { "  " + $0 }
    }

    private var label: String? {
        let texts = Set(point.label.values)
        if texts.count == 1, let text = texts.first, Set(point.label.keys) == ["nl", "en"] { return quoted(text) }
        let pairs = point.label.sorted { $0.key > $1.key }.map { "\($0.key): \(quoted($0.value, always: true))" }
        return pairs.isEmpty ? nil : "{\(pairs.joined(separator: ", "))}"
    }

    private var wire: [String] {
        var lines: [String]
        switch point.wire {
        case .bool: return ["wireType: bool"]
        case .bit(let bit): lines = ["wireType: bit", "bit: \(bit)"]
        case .bits(let lsb, let width): lines = ["wireType: bits", "bits: {lsb: \(lsb), width: \(width)}"]
        case .int8(let half): lines = ["wireType: int8", "half: \(half == .high ? "high" : "low")"]
        case .uint8(let half): lines = ["wireType: uint8", "half: \(half == .high ? "high" : "low")"]
        case .int16: lines = ["wireType: int16"]
        case .uint16: lines = ["wireType: uint16"]
        case .int32: lines = ["wireType: int32"]
        case .uint32: lines = ["wireType: uint32"]
        case .int64: lines = ["wireType: int64"]
        case .uint64: lines = ["wireType: uint64"]
        case .float32: lines = ["wireType: float32"]
        case .float64: lines = ["wireType: float64"]
        case .bcd(let registers): lines = ["wireType: bcd\(registers * 16)"]
        case .string(let layout, let registers):
            return ["wireType: string", "length: \(registers)", "layout: \(Self.name(layout))"]
        }
        let order = point.order.fitting(point.wire)
        if order != .specification,
            let letters = ByteOrderReader.orders(registers: point.wire.registers).first(where: { $0.order == order })?
                .letters
        {
            lines.append("order: \(letters)")
        }
        return lines
    }

    private static func name(_ layout: WireType.StringLayout) -> String {
        switch layout {
        case .highByteFirst: "high-byte-first"
        case .lowByteFirst: "low-byte-first"
        case .onePerRegister: "one-per-register"
        }
    }

    private var scaling: [String] {
        var lines: [String] = []
        let scale = point.scaling.numerator / point.scaling.denominator
        if scale != 1 { lines.append("scale: \(scale.fileText)") }
        if point.scaling.offset != 0 { lines.append("offset: \(point.scaling.offset.fileText)") }
        if let register = point.scaleRegister { lines.append("scaleRegister: \(register)") }
        return lines
    }

    private func sentinel(_ sentinel: Sentinel) -> String {
        let raw = sentinel.pattern.text(of: point.wire)
        return "{raw: \(sentinel.pattern == .notANumber ? raw : "\"\(raw)\""), means: \(sentinel.meaning.rawValue)}"
    }

    private func validity(_ rule: ValidityRule) -> String {
        let refusal =
            switch rule.otherwise {
            case .meaning(let meaning): meaning.rawValue
            case .byNumber(let meanings):
                "{"
                    + meanings.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value.rawValue)" }
                    .joined(separator: ", ") + "}"
            }
        let numbers = rule.accepted.map(String.init).joined(separator: ", ")
        return "{signal: \(rule.signal), is: [\(numbers)], otherwise: \(refusal)}"
    }

    private func band(_ band: Band) -> String { "{low: \(band.low.fileText), high: \(band.high.fileText)}" }

    private func rule(_ rule: CounterRule) -> String {
        var parts = [
            "modulus: \(rule.modulus.map { "\($0)" } ?? "null")", "reset: \(rule.reset.rawValue)",
            "maxRatePerSecond: \(rule.maxRatePerSecond.fileText)",
        ]
        if let counts = rule.counts { parts.append("counts: \(counts.rawValue)") }
        return "{\(parts.joined(separator: ", "))}"
    }

    private var sampling: String? {
        let rule = point.sampling
        var parts: [String] = []
        if let interval = rule.interval { parts.append("intervalMs: \(interval.wholeMilliseconds)") }
        if rule.deadband != 0 { parts.append("deadband: \(rule.deadband.fileText)") }
        if rule.everyReading { parts.append("everyReading: true") }
        if rule.heartbeat != SamplingRule().heartbeat {
            parts.append("heartbeatMs: \(rule.heartbeat.wholeMilliseconds)")
        }
        if let age = rule.staleAfter { parts.append("staleAfterMs: \(age.wholeMilliseconds)") }
        if let age = rule.badAfter { parts.append("badAfterMs: \(age.wholeMilliseconds)") }
        if let age = rule.frozenAfter { parts.append("frozenAfterMs: \(age.wholeMilliseconds)") }
        if let rate = rule.maxChangePerSecond { parts.append("maxChangePerSecond: \(rate.fileText)") }
        return parts.isEmpty ? nil : "{\(parts.joined(separator: ", "))}"
    }

    /// True for a unit that stands without quotes.
    private func isWord(_ ucum: String) -> Bool { ucum.utf8.allSatisfy { isLetterOrDigit($0) } && ucum != "1" }
}
