internal import KoppelCore

/// One property of a Thing Description.
struct ThingProperty {
    private static let entities: [String: RegisterTable] = [
        "Coil": .coil, "DiscreteInput": .discreteInput, "HoldingRegister": .holdingRegister,
        "InputRegister": .inputRegister,
        // What the functions of the binding read.
        "readCoil": .coil, "readDiscreteInput": .discreteInput, "readHoldingRegisters": .holdingRegister,
        "readMultipleHoldingRegisters": .holdingRegister, "readInputRegisters": .inputRegister,
        "readInputRegister": .inputRegister, "1": .coil, "2": .discreteInput, "3": .holdingRegister,
        "4": .inputRegister,
    ]

    let key: String
    let property: ForeignNode
    let position: SourcePosition
    let base: String

    private var subject: String { "properties.\(key)" }

    /// The form that reads it.
    private var form: ForeignNode? {
        let forms = property["forms"]?.items ?? []
        return forms.first { form in
            let operations = form["op"]?.items.compactMap(\.text) ?? ["readproperty"]
            return operations.contains("readproperty") && (form["modv:entity"] != nil || form["modv:function"] != nil)
        }
    }

    /// The unit id of its address, if it has one.
    var unit: Int? { form.flatMap { ModbusReference(base: base, href: $0["href"]?.text ?? "")?.unit } }

    func add(to device: inout ImportedDevice) {
        guard property["writeOnly"]?.flag != true else {
            return device.leaveOut(subject, at: position, because: "it can only be written")
        }
        guard let form else {
            return device.leaveOut(subject, at: position, because: "it has no form of the Modbus binding that reads it")
        }
        guard let table = Self.entities[(form["modv:entity"] ?? form["modv:function"])?.text ?? ""] else {
            return device.leaveOut(subject, at: form.position, because: "`modv:entity` is none of the four tables")
        }
        guard let reference = ModbusReference(base: base, href: form["href"]?.text ?? "") else {
            return device.leaveOut(
                subject, at: form.position, because: "`href` has no address",
                hint: "The binding writes it as ADDRESS?quantity=N.")
        }
        let reader = ThingForm(form: form, property: property, table: table, quantity: reference.quantity)
        let wire: WireType
        switch reader.wire {
        case .success(let found): wire = found
        case .failure(let fault): return device.leaveOut(subject, at: form.position, because: fault.sentence)
        }
        if let timeout = form["modv:timeout"]?.duration(unit: .milliseconds(1)), timeout >= .milliseconds(1) {
            device.timing.responseTimeout = max(timeout, device.timing.responseTimeout ?? .zero)
        }
        let isZeroBased = form["modv:zeroBasedAddressing"]?.flag
        if isZeroBased == nil {
            device.note(
                subject, at: form.position, "its address counts from 1, as the binding has it where nothing is said",
                hint: "Look at one value; if it is not right, write modv:zeroBasedAddressing: true.")
        }
        let count = device.points.count
        device.add(
            reader.register(
                subject: subject, at: position, key: key, address: reference.address - (isZeroBased == true ? 0 : 1),
                wire: wire))
        guard device.points.count > count else { return }
        if property["kpl:kind"]?.text == "counter", device.points[count].point.kind != .counter {
            device.note(subject, at: position, "kept as a measurement: the rule of the counter is not in this file")
        }
        complete(&device.points[count].point)
    }

    /// What only a Thing Description says.
    private func complete(_ point: inout Point) {
        var titles: [String: String] = [:]
        for language in property["titles"]?.keys ?? [] {
            titles[language.name] = property["titles"]?[language.name]?.text
        }
        if titles["nl"] != nil, titles["en"] != nil { point.label = titles }
        if let low = property["minimum"]?.number, let high = property["maximum"]?.number, low <= high,
            point.kind != .state, point.kind != .text
        {
            point.limits = Band(low: low, high: high)
        }
        if let range = property["kpl:range"], let low = range["low"]?.number, let high = range["high"]?.number {
            point.range = Band(low: low, high: high)
        }
        point.published = property["kpl:publish"]?.flag ?? true
        point.mtconnect = property["kpl:mtconnect"]?.text
        point.group = property["kpl:group"]?.text
        let scale = property["kpl:scaleRegister"] ?? form?["kpl:scaleRegister"]
        point.scaleRegister = scale?.text.flatMap { SignalName($0) }
    }
}

/// The address of a form: `ADDRESS?quantity=N`, alone or behind a base.
struct ModbusReference: Hashable {
    var unit: Int?
    var address: Int
    var quantity: Int?

    /// `nil` if there is no address in it.
    init?(base: String, href: String) {
        let whole = href.contains("://") ? href : base + (base.hasSuffix("/") || base.isEmpty ? "" : "/") + href
        let halves = whole.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard let path = halves.first else { return nil }
        var parts = path.split(separator: "/")
        // Scheme and host come first: `modbus+tcp:`, `192.0.2.10:502`.
        if path.contains("://") { parts.removeFirst(min(2, parts.count)) }
        guard let last = parts.last, let address = Int(last) else { return nil }
        self.address = address
        unit = parts.count >= 2 ? Int(parts[parts.count - 2]) : nil
        guard halves.count == 2 else { return }
        for pair in halves[1].split(separator: "&") where pair.hasPrefix("quantity=") {
            quantity = Int(pair.dropFirst("quantity=".count))
        }
    }
}
