internal import KoppelCore

/// One sensor, binary sensor or thermostat.
struct HomeAssistantEntity {
    let node: ForeignNode
    let section: String

    var subject: String { "\(section).\(node["name"]?.text ?? "unnamed")" }
    /// The keys in use are `slave` and, later, `device_address`.
    var unit: Int { (node["slave"] ?? node["device_address"])?.whole ?? 0 }
    /// What stands for the unit id, if that is no number: the name of a secret.
    var unknownUnit: ForeignNode? {
        (node["slave"] ?? node["device_address"]).flatMap { $0.whole == nil && $0.text != nil ? $0 : nil }
    }
    var position: SourcePosition { node.position }
    private var name: String { node["name"]?.text ?? "value" }

    /// Keys that are for the screens of Home Assistant, or that were looked at.
    private static let known = [
        "name", "slave", "device_address", "address", "count", "data_type", "structure", "swap", "scale", "offset",
        "input_type", "scan_interval", "unit_of_measurement", "nan_value", "unique_id", "device_class", "state_class",
        "slave_count", "virtual_count", "reverse_order",
    ]
    /// More than so many of one kind are no list any more.
    private static let mostVirtual = 1_000

    func addSensor(to device: inout ImportedDevice) {
        guard let address = address(in: &device), let wire = wire(in: &device), let order = order(in: &device) else {
            return
        }
        noteOthers(in: &device, besides: [])
        if node["state_class"]?.text?.hasPrefix("total") == true {
            device.note(
                subject, at: position, "kept as a measurement: a counter needs `reset` and `maxRatePerSecond`",
                hint: "Write kind: counter with a counter rule if it only counts up.")
        }
        let tables: [String: RegisterTable] = ["holding": .holdingRegister, "input": .inputRegister]
        guard let table = tables[node["input_type"]?.text ?? "holding"] else {
            return device.leaveOut(subject, at: position, because: "input_type of a sensor is holding or input")
        }
        let found = FoundRegister(
            subject: subject, position: position, name: name, table: table, address: address,
            wire: ordered(wire, order), order: order, scale: node["scale"]?.number ?? 1,
            offset: node["offset"]?.number ?? 0, unit: unitOfMeasure, sentinels: sentinels(wire, in: &device),
            interval: interval(in: &device))
        device.add(found)
        addVirtual(found, every: wire.registers, to: &device)
    }

    /// The further ones of a list, numbered as Home Assistant does: they follow the first without a gap.
    private func addVirtual(_ first: FoundRegister, every step: Int, to device: inout ImportedDevice) {
        guard let field = node["virtual_count"] ?? node["slave_count"], let count = field.whole, count != 0 else {
            return
        }
        guard (1...Self.mostVirtual).contains(count) else {
            return device.leaveOut(
                subject, at: field.position, because: "`\(count)` further ones are not 1 to \(Self.mostVirtual)")
        }
        for number in 1...count {
            var next = first
            next.name = "\(name) \(number)"
            next.subject = "\(subject) \(number)"
            next.address = first.address + number * step
            device.add(next)
        }
    }

    func addBinarySensor(to device: inout ImportedDevice) {
        guard let address = address(in: &device) else { return }
        noteOthers(in: &device, besides: [])
        let kinds: [String: (RegisterTable, WireType)] = [
            "coil": (.coil, .bool), "discrete_input": (.discreteInput, .bool),
            // Of a register Home Assistant takes the lowest bit.
            "holding": (.holdingRegister, .bit(0)), "input": (.inputRegister, .bit(0)),
        ]
        guard let (table, wire) = kinds[node["input_type"]?.text ?? "coil"] else {
            return device.leaveOut(
                subject, at: position,
                because: "input_type of a binary sensor is coil, discrete_input, holding or input")
        }
        if let meaning = node["device_class"], let text = meaning.text {
            device.note(
                subject, at: meaning.position, "device_class \(text) is not carried over: the states are off and on",
                hint: "Give them their names in `enum`.")
        }
        let found = FoundRegister(
            subject: subject, position: position, name: name, table: table, address: address, wire: wire,
            interval: interval(in: &device))
        device.add(found)
        addVirtual(found, every: 1, to: &device)
    }

    // MARK: What several kinds share

    func address(in device: inout ImportedDevice) -> Int? {
        if let address = node["address"]?.whole { return address }
        device.leaveOut(subject, at: position, because: "it has no address")
        return nil
    }

    func interval(in device: inout ImportedDevice) -> Duration? {
        guard let seconds = node["scan_interval"]?.number else { return nil }
        guard seconds > 0 else {
            device.note(subject, at: position, "scan_interval 0 is not carried over: the profile's interval holds")
            return nil
        }
        return .seconds(seconds) == device.interval ? nil : .seconds(seconds)
    }

    private var unitOfMeasure: String? { node["unit_of_measurement"]?.text }

    func order(in device: inout ImportedDevice) -> ByteOrder? {
        // Before there was `swap`, this one key put the registers in reverse.
        let old = node["reverse_order"]?.flag == true ? "word" : "none"
        switch node["swap"]?.text ?? old {
        case "none", "false", "False": return .specification
        case "byte": return ByteOrder(bytes: true)
        // The registers of a value come in reverse.
        case "word": return ByteOrder(words: true, doubleWords: true)
        case "word_byte": return ByteOrder(bytes: true, words: true, doubleWords: true)
        case let other:
            device.leaveOut(subject, at: position, because: "`\(other)` is no swap that is known here")
            return nil
        }
    }

    /// A text has a layout and no order.
    func ordered(_ wire: WireType, _ order: ByteOrder) -> WireType {
        guard case .string(_, let registers) = wire, order.bytes else { return wire }
        return .string(.lowByteFirst, registers: registers)
    }

    func wire(in device: inout ImportedDevice) -> WireType? {
        let type = node["data_type"]?.text ?? "int16"
        let count = node["count"]?.whole
        let known: [String: WireType] = [
            "int16": .int16, "uint16": .uint16, "int32": .int32, "uint32": .uint32, "int64": .int64, "uint64": .uint64,
            "float32": .float32, "float64": .float64,
        ]
        // In older configurations the width follows from the number of registers.
        let wide: [String: [Int: WireType]] = [
            "int": [1: .int16, 2: .int32, 4: .int64], "uint": [1: .uint16, 2: .uint32, 4: .uint64],
            "float": [2: .float32, 4: .float64],
        ]
        if let wires = wide[node["data_type"] == nil ? "int" : type] {
            if let wire = wires[count ?? (type == "float" ? 2 : 1)] { return wire }
            device.leaveOut(
                subject, at: position, because: "data_type \(type) over \(count ?? 1) registers is not known to Koppel")
            return nil
        }
        if let wire = known[type] {
            if let count, count != wire.registers {
                device.note(
                    subject, at: node["count"]?.position ?? position,
                    "count \(count) is not carried over: \(type) takes \(wire.registers)")
            }
            return wire
        }
        switch type {
        case "string":
            if let count, (1...125).contains(count) { return .string(.highByteFirst, registers: count) }
            device.leaveOut(subject, at: position, because: "a text needs a `count` of 1 to 125 registers")
        case "custom":
            let formats: [String: WireType] = [
                "f": .float32, "h": .int16, "H": .uint16, "i": .int32, "l": .int32, "I": .uint32, "L": .uint32,
                "q": .int64,
                "Q": .uint64, "d": .float64,
            ]
            if let wire = formats[structure] { return wire }
            device.leaveOut(
                subject, at: position,
                because: "the structure `\(node["structure"]?.text ?? "")` holds several values, or another order")
        default:
            device.leaveOut(subject, at: position, because: "data_type \(type) is not known to Koppel")
        }
        return nil
    }

    /// The one letter of a structure such as `>f`; empty if it is anything else.
    private var structure: String {
        guard let text = node["structure"]?.text, let first = text.first, first == ">" || first == "!" else {
            return ""
        }
        return String(text.dropFirst())
    }

    private func sentinels(_ wire: WireType, in device: inout ImportedDevice) -> [Sentinel] {
        guard let value = node["nan_value"], let text = value.text else { return [] }
        guard let number = value.whole, let raw = Self.pattern(number, of: wire, isHex: text.hasPrefix("0x")) else {
            device.note(
                subject, at: value.position, "nan_value `\(text)` is not carried over: it does not fit the type")
            return []
        }
        return [Sentinel(pattern: .bits(raw), meaning: .noData)]
    }

    /// The bits of a number as the type has it.
    private static func pattern(_ number: Int, of wire: WireType, isHex: Bool) -> UInt64? {
        switch wire {
        case .float32 where !isHex: return UInt64(Float(number).bitPattern)
        case .float64 where !isHex: return Double(number).bitPattern
        default: break
        }
        guard let bits = wire.bitWidth else { return nil }
        let raw = UInt64(bitPattern: Int64(number))
        if bits >= 64 { return raw }
        let mask = UInt64(1) << UInt64(bits) - 1
        let isFitting = number >= 0 ? raw <= mask : -number <= 1 << (bits - 1)
        return isFitting ? raw & mask : nil
    }

    /// Tells of each key that says something a profile cannot.
    func noteOthers(in device: inout ImportedDevice, besides handled: [String]) {
        for key in node.keys where !handled.contains(key.name) {
            switch key.name {
            case "lazy_error_count":
                device.note(
                    subject, at: key.position, "lazy_error_count is not carried over: a failed reading is bad at once")
            case "precision":
                device.note(subject, at: key.position, "precision is not carried over: Koppel does not round")
            case "min_value", "max_value", "zero_suppress":
                device.note(
                    subject, at: key.position,
                    "\(key.name) is not carried over: Koppel does not change values (`limits` marks them as bad)")
            case let name where !Self.known.contains(name):
                device.note(subject, at: key.position, "\(name) is not carried over: it is not known here")
            default: break
            }
        }
    }
}
