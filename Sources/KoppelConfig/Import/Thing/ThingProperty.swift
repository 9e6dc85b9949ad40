internal import KoppelCore

/// One property of a Thing Description.
struct ThingProperty {
    private static let entities: [String: RegisterTable] = [
        "coil": .coil, "discreteinput": .discreteInput, "holdingregister": .holdingRegister,
        "inputregister": .inputRegister,
        // What the functions of the binding read.
        "readcoil": .coil, "readcoils": .coil, "readdiscreteinput": .discreteInput,
        "readdiscreteinputs": .discreteInput, "readholdingregisters": .holdingRegister,
        "readmultipleholdingregisters": .holdingRegister, "readinputregisters": .inputRegister,
        "readinputregister": .inputRegister, "1": .coil, "2": .discreteInput, "3": .holdingRegister,
        "4": .inputRegister, "01": .coil, "02": .discreteInput, "03": .holdingRegister, "04": .inputRegister,
    ]
    /// What a property may say that is read, or that says nothing of its value.
    private static let known = [
        "title", "titles", "type", "unit", "minimum", "maximum", "readOnly", "writeOnly", "observable", "forms",
        "@type", "description", "descriptions", "qudt:hasQuantityKind", "qudt:hasUnit", "schema:unitCode",
    ]
    private static let knownOfForm = [
        "href", "op", "contentType", "entity", "function", "address", "offset", "quantity", "unitID", "type",
        "mostSignificantByte", "mostSignificantWord", "zeroBasedAddressing", "pollingTime", "timeout", "range",
        "length",
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
            return (operations.contains("readproperty") || operations.contains("observeproperty"))
                && (form.modbus("entity") != nil || form.modbus("function") != nil)
        }
    }

    /// Where a device is.
    struct Place: Hashable {
        /// As a site file names it; `nil` if the document has no address of a host.
        var bus: String?
        var unit: Int?
    }

    /// Where its address leads; `nil` if that names no unit id.
    var place: Place? {
        guard let reference = form.flatMap({ ModbusReference(base: base, form: $0) }), let unit = reference.unit else {
            return nil
        }
        return Place(bus: reference.bus, unit: unit)
    }

    func add(to device: inout ImportedDevice) {
        guard property["writeOnly"]?.flag != true else {
            return device.leaveOut(subject, at: position, because: "it can only be written")
        }
        guard let form else {
            return device.leaveOut(subject, at: position, because: "it has no form of the Modbus binding that reads it")
        }
        let (entity, function) = (form.modbus("entity")?.text, form.modbus("function")?.text)
        let named = entity.flatMap { Self.entities[$0.lowercased()] ?? RegisterTable(sheetTable: $0) }
        let read = function.flatMap { Self.entities[$0.lowercased()] }
        guard let table = named ?? read else {
            return device.leaveOut(
                subject, at: form.position, because: "`\(entity ?? function ?? "")` reads none of the four tables")
        }
        if let read, read != table {
            return device.leaveOut(
                subject, at: form.position,
                because: "its entity is \(table.entity), and its function reads \(read.entity)")
        }
        guard let reference = ModbusReference(base: base, form: form) else {
            return device.leaveOut(
                subject, at: form.position, because: "`href` has no address",
                hint: "The binding writes it as ADDRESS?quantity=N.")
        }
        let reader = ThingForm(form: form, property: property, table: table, quantity: reference.quantity)
        if let sequence = reader.byteSequence, reader.namedOrder == nil {
            device.note(subject, at: form.position, "byteSeq=\(sequence) is not carried over: it is not known here")
        }
        let wire: WireType
        switch reader.wire {
        case .success(let found): wire = found
        case .failure(let fault): return device.leaveOut(subject, at: form.position, because: fault.sentence)
        }
        noteOthers(form, in: &device)
        if let timeout = form.modbus("timeout")?.duration(unit: .milliseconds(1)), timeout >= .milliseconds(1) {
            device.timing.responseTimeout = max(timeout, device.timing.responseTimeout ?? .zero)
        }
        let isZeroBased = form.modbus("zeroBasedAddressing")?.flag
        if isZeroBased == nil {
            device.note(
                subject, at: form.position, "its address counts from 1, as the binding has it where nothing is said",
                hint: "Look at one value; if it is not right, write modv:zeroBasedAddressing: true.")
        }
        if let place = SheetAddress("\(reference.address)", isHex: false)?.place(.modicon), place.table == table,
            reference.address > 9_999
        {
            device.note(
                subject, at: form.position,
                "\(reference.address) may be a number of the old notation, which is data address \(place.address)",
                hint: "It is taken as it stands; change `address` if it is not.")
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
        if form["kpl:sunspec"] != nil {
            device.note(
                subject, at: form.position,
                "its place in a SunSpec model is not carried over, only the address of one device",
                hint: "Take a SunSpec profile of the library, or write `sunspec:` by hand.")
        }
        complete(&device.points[count].point)
    }

    /// Tells of each term that says something a profile does not get from here.
    private func noteOthers(_ form: ForeignNode, in device: inout ImportedDevice) {
        for key in property.keys where !Self.known.contains(key.name) && !key.name.hasPrefix("kpl:") {
            device.note(subject, at: key.position, "\(key.name) is not carried over")
        }
        for key in form.keys where !key.name.hasPrefix("kpl:") {
            let term = ["modv:", "modbus:"].first(where: key.name.hasPrefix).map { key.name.dropFirst($0.count) }
            guard !Self.knownOfForm.contains(String(term ?? key.name[...])) else { continue }
            device.note(subject, at: key.position, "\(key.name) is not carried over")
        }
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
        let rules = property["kpl:validWhen"] ?? form?["kpl:validWhen"]
        point.validWhen = (rules?.items ?? []).prefix(ValidityReader.maximumConditions).compactMap { $0.validityRule }
    }
}

extension ForeignNode {
    /// A condition as a Thing Description of Koppel writes it; `nil` if it is not whole.
    fileprivate var validityRule: ValidityRule? {
        let numbers = (self["is"]?.items ?? []).compactMap { $0.whole.map(Int64.init) }
        guard let signal = self["signal"]?.text.flatMap({ SignalName($0) }), !numbers.isEmpty,
            let told = self["otherwise"]
        else { return nil }
        if let meaning = told.text.flatMap(Sentinel.Meaning.init) {
            return ValidityRule(signal: signal, accepted: numbers, otherwise: .meaning(meaning))
        }
        let meanings = told.keys.compactMap { key -> (Int64, Sentinel.Meaning)? in
            guard let number = Int64(key.name), let meaning = told[key.name]?.text.flatMap(Sentinel.Meaning.init) else {
                return nil
            }
            return (number, meaning)
        }
        guard !meanings.isEmpty else { return nil }
        return ValidityRule(
            signal: signal, accepted: numbers,
            otherwise: .byNumber(Dictionary(meanings, uniquingKeysWith: { first, _ in first })))
    }

    /// A term of the Modbus binding. Earlier drafts call the vocabulary `modbus`.
    func modbus(_ term: String) -> ForeignNode? { self["modv:" + term] ?? self["modbus:" + term] }
}

/// The address of a form: `ADDRESS?quantity=N`, alone or behind a base; or terms of its own, as earlier drafts have it.
struct ModbusReference: Hashable {
    /// `tcp://HOST:PORT`, if a host is named.
    var bus: String?
    var unit: Int?
    var address: Int
    var quantity: Int?

    /// `nil` if there is no address in it.
    init?(base: String, form: ForeignNode) {
        let href = form["href"]?.text ?? ""
        let whole = href.contains("://") ? href : base + (base.hasSuffix("/") || base.isEmpty ? "" : "/") + href
        let halves = whole.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard let path = halves.first else { return nil }
        var parts = path.split(separator: "/")
        // Scheme and host come first: `modbus+tcp:`, `192.0.2.10:502`.
        if path.contains("://") {
            if parts.count >= 2, parts[0].hasPrefix("modbus"), !parts[1].contains("{") {
                bus = "tcp://\(parts[1])" + (parts[1].contains(":") ? "" : ":502")
            }
            parts.removeFirst(min(2, parts.count))
        }
        var query: [Substring: Int] = [:]
        for pair in halves.count == 2 ? halves[1].split(separator: "&") : [] {
            let sides = pair.split(separator: "=")
            if sides.count == 2 { query[sides[0]] = Int(sides[1]) }
        }
        // The oldest draft has both in one list.
        let range = form.modbus("range")?.items ?? []
        let own = form.modbus("address") ?? form.modbus("offset") ?? range.first
        if let address = own?.whole ?? query["address"] ?? query["offset"] {
            self.address = address
            unit = form.modbus("unitID")?.whole ?? parts.first.flatMap { Int($0) }
        } else {
            guard let last = parts.last, let address = Int(last) else { return nil }
            self.address = address
            unit = form.modbus("unitID")?.whole ?? (parts.count >= 2 ? Int(parts[parts.count - 2]) : nil)
        }
        let count = form.modbus("quantity") ?? form.modbus("length") ?? (range.count == 2 ? range[1] : nil)
        quantity = count?.whole ?? query["quantity"]
    }
}
