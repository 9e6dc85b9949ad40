internal import KoppelCore

// How the wiring of a point is written in a profile file, for `koppel profile show`.

extension Point {
    /// `float32`, `bit 3`, `bits 0 to 3`, `string of 20 registers`.
    var typeText: String {
        switch wire {
        case .bool: "bool"
        case .bit(let bit): "bit \(bit)"
        case .bits(let lsb, let width): "bits \(lsb) to \(lsb + width - 1)"
        case .int8(let half): "int8 \(half == .high ? "high" : "low")"
        case .uint8(let half): "uint8 \(half == .high ? "high" : "low")"
        case .int16: "int16"
        case .uint16: "uint16"
        case .int32: "int32"
        case .uint32: "uint32"
        case .int64: "int64"
        case .uint64: "uint64"
        case .float32: "float32"
        case .float64: "float64"
        case .bcd(let registers): "bcd\(16 * registers)"
        case .string(let layout, let registers): "string \(registers) \(layout.text)"
        }
    }

    /// Letters in the order in which the bytes come, A the most significant; empty where there is no choice.
    var orderText: String {
        guard !table.isBits else { return "" }
        switch wire {
        case .bool, .bit, .bits, .int8, .uint8, .string: return order.bytes ? "BA" : ""
        default: break
        }
        // The three swaps, in the order in which they lead from the value to the wire.
        let places = (0..<(wire.registers * 2)).map { place in
            var place = place
            if order.bytes { place ^= 1 }
            if order.words, wire.registers >= 2 { place ^= 2 }
            if order.doubleWords, wire.registers == 4 { place ^= 4 }
            return place
        }
        return String(places.map { Character(Unicode.Scalar(UInt8(65 + $0))) })
    }

    /// `× 0.1`, `× 0.1 − 40`, `× 10^scale/power`.
    var scaleText: String {
        var parts: [String] = []
        let factor = scaling.numerator / scaling.denominator
        if factor != 1 { parts.append("× \(Value.double(factor).plainText)") }
        if let scaleRegister { parts.append("× 10^\(scaleRegister)") }
        if scaling.offset != 0 {
            parts.append("\(scaling.offset < 0 ? "−" : "+") \(Value.double(scaling.offset.magnitude).plainText)")
        }
        return parts.joined(separator: " ")
    }
}

extension ValidityRule {
    /// `status/input-error is 0, otherwise sensor-fault`, `status/input is 0 or 2, otherwise 1: sensor-fault, 3: no-data`.
    var text: String {
        let refusal =
            switch otherwise {
            case .meaning(let meaning): meaning.rawValue
            case .byNumber(let meanings):
                meanings.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value.rawValue)" }.joined(separator: ", ")
            }
        return "\(signal) is \(accepted.map { "\($0)" }.joined(separator: " or ")), otherwise \(refusal)"
    }
}

extension WireType.StringLayout {
    fileprivate var text: String {
        switch self {
        case .highByteFirst: "high-byte-first"
        case .lowByteFirst: "low-byte-first"
        case .onePerRegister: "one-per-register"
        }
    }
}
