internal import KoppelCore

/// How the value of a property lies in its registers.
struct ThingForm {
    let form: ForeignNode
    let property: ForeignNode
    let table: RegisterTable
    let quantity: Int?

    /// A term of Koppel's own stands in the form, or in the property.
    private func own(_ term: String) -> ForeignNode? { form["kpl:" + term] ?? property["kpl:" + term] }

    /// The type on the wire, or why it is not known.
    var wire: Result<WireType, SyntaxFault> {
        if table.isBits { return .success(.bool) }
        let type = form.modbus("type")?.text ?? ""
        if let bits = own("bits"), let lsb = bits["lsb"]?.whole, let width = bits["width"]?.whole {
            guard lsb >= 0, width >= 1, lsb + width <= 16 else { return refuse("its bits run past bit 15") }
            let half = WireType.RegisterHalf(isHigh: lsb == 8)
            let isByte = width == 8 && lsb % 8 == 0
            if bits["signed"]?.flag == true {
                return isByte ? .success(.int8(half)) : refuse("a signed field of \(width) bits is not known to Koppel")
            }
            if width == 1 { return .success(.bit(lsb)) }
            return .success(isByte ? .uint8(half) : .bits(lsb: lsb, width: width))
        }
        let local = type.split(separator: ":").last.map(String.init) ?? ""
        let types: [String: WireType] = [
            "short": .int16, "unsignedShort": .uint16, "int": .int32, "unsignedInt": .uint32, "long": .int64,
            "unsignedLong": .uint64, "float": .float32, "double": .float64, "boolean": .bool, "int16": .int16,
            "uint16": .uint16, "int32": .int32, "uint32": .uint32,
        ]
        if local == "string" {
            guard let quantity, (1...125).contains(quantity) else { return refuse("a text takes 1 to 125 registers") }
            return .success(.string(layout, registers: quantity))
        }
        guard var wire = types[local] ?? (type.isEmpty ? byMediaType : nil) else {
            return refuse(type.isEmpty ? "it has no `modv:type`" : "`\(type)` is not known here")
        }
        if own("encoding")?.text == "bcd" { wire = .bcd(registers: wire.registers) }
        if let quantity, quantity != wire.registers {
            return refuse("\(local) does not lie in \(quantity) \(quantity == 1 ? "register" : "registers")")
        }
        return .success(wire)
    }

    private var layout: WireType.StringLayout {
        if own("stringLayout")?.text == "one-per-register" { return .onePerRegister }
        return form.modbus("mostSignificantByte")?.flag == false ? .lowByteFirst : .highByteFirst
    }

    /// What earlier drafts say behind the media type: `application/octet-stream;byteSeq=LITTLE_ENDIAN`.
    var namedOrder: ByteOrder? {
        switch byteSequence {
        case "BIG_ENDIAN": return .specification
        case "LITTLE_ENDIAN": return ByteOrder(bytes: true, words: true, doubleWords: true)
        case "BIG_ENDIAN_BYTE_SWAP": return ByteOrder(bytes: true)
        case "LITTLE_ENDIAN_BYTE_SWAP": return ByteOrder(words: true, doubleWords: true)
        default: return nil
        }
    }

    var byteSequence: Substring? { parameter("byteSeq") }

    private func parameter(_ name: String) -> Substring? {
        let parameters = form["contentType"]?.text?.split(separator: ";") ?? []
        return parameters.lazy.map { $0.drop { $0 == " " } }.first { $0.hasPrefix(name + "=") }?.dropFirst(
            name.count + 1)
    }

    /// The type of `application/octet-stream;length=4;signed=true`, together with that of the value.
    private var byMediaType: WireType? {
        let bytes = parameter("length").flatMap { Int($0) }
        switch (property["type"]?.text, bytes, parameter("signed")) {
        case ("integer", 2, "true"): return .int16
        case ("integer", 2, "false"): return .uint16
        case ("integer", 4, "true"): return .int32
        case ("integer", 4, "false"): return .uint32
        case ("integer", 8, "true"): return .int64
        case ("integer", 8, "false"): return .uint64
        case ("number", 4, _): return .float32
        case ("number", 8, _): return .float64
        default: return nil
        }
    }

    private var order: ByteOrder {
        let isSaid = form.modbus("mostSignificantByte") != nil || form.modbus("mostSignificantWord") != nil
        if !isSaid, let namedOrder { return namedOrder }
        let isWordFirst = form.modbus("mostSignificantWord")?.flag ?? true
        return ByteOrder(
            bytes: form.modbus("mostSignificantByte")?.flag == false, words: !isWordFirst,
            doubleWords: own("doubleWordsSwapped")?.flag ?? !isWordFirst)
    }

    func register(subject: String, at position: SourcePosition, key: String, address: Int, wire: WireType)
        -> FoundRegister
    {
        var enumeration: [Int64: String] = [:]
        for name in property["kpl:enum"]?.keys ?? [] {
            if let number = Int64(name.name) { enumeration[number] = property["kpl:enum"]?[name.name]?.text }
        }
        let kind = property["kpl:kind"]?.text.flatMap(SignalKind.init) ?? (enumeration.isEmpty ? nil : .state)
        let quantityKind = property["qudt:hasQuantityKind"]
        return FoundRegister(
            subject: subject, position: position, name: property["kpl:signalName"]?.text ?? key,
            label: property["title"]?.text ?? key, table: table, address: address, wire: wire, order: order,
            scale: own("scale")?.number ?? 1, offset: own("offset")?.number ?? 0, unit: property["unit"]?.text,
            sentinels: sentinels(wire), enumeration: enumeration,
            interval: form.modbus("pollingTime")?.duration(unit: .milliseconds(1)).flatMap {
                $0 >= .milliseconds(10) ? $0 : nil
            },
            kind: kind == .counter ? nil : kind, counter: kind == .counter ? counter : nil,
            quantityKind: (quantityKind?["@id"] ?? quantityKind)?.text)
    }

    private var counter: CounterRule? {
        guard let rule = property["kpl:counter"], let reset = rule["reset"]?.text.flatMap(CounterRule.Reset.init),
            let rate = rule["maxRatePerSecond"]?.number, rate > 0
        else { return nil }
        return CounterRule(
            modulus: rule["modulus"]?.text.flatMap { UInt64($0) }, reset: reset, maxRatePerSecond: rate,
            counts: rule["counts"]?.text.flatMap(CounterRule.Counts.init))
    }

    private func sentinels(_ wire: WireType) -> [Sentinel] {
        (own("sentinels")?.items ?? []).compactMap { item in
            guard let raw = item["raw"]?.text, let meaning = item["means"]?.text.flatMap(Sentinel.Meaning.init) else {
                return nil
            }
            // A pattern that the type cannot show means nothing.
            return (try? Sentinel.Pattern(raw, of: wire)).map { Sentinel(pattern: $0, meaning: meaning) }
        }
    }

    private func refuse(_ sentence: String) -> Result<WireType, SyntaxFault> {
        .failure(SyntaxFault(position: form.position, sentence: sentence))
    }
}

extension WireType.RegisterHalf {
    fileprivate init(isHigh: Bool) { self = isHigh ? .high : .low }
}
