package import KoppelCore

/// One signal of a device as both export formats tell of it.
package struct ExportedSignal: Hashable, Sendable {
    /// The signal's name with `/` and `-` as `_`, unique in the device and starting with a letter.
    package var key: String
    package var point: Point
    package var title: String?
    package var interval: Duration
    /// `nil` if neither profile nor bus say how long to wait for an answer.
    package var timeout: Duration?

    /// The signals of a device: the published ones, and the helpers they cannot be understood without.
    static func all(of points: [Point], interval: Duration, timeout: Duration?, language: String) -> [ExportedSignal] {
        let needed = Set(points.filter(\.published).flatMap(\.companions))
        var taken: Set<String> = []
        return points.filter { $0.published || needed.contains($0.signal) }.map { point in
            ExportedSignal(
                key: key(of: point.signal, besides: &taken), point: point, title: point.label.text(in: language),
                interval: point.sampling.interval ?? interval, timeout: timeout)
        }
    }

    /// Two names may differ only in where the hyphen stands; the later one gets a number.
    private static func key(of name: SignalName, besides taken: inout Set<String>) -> String {
        var key = String(name.description.map { $0 == "/" || $0 == "-" ? "_" : $0 })
        if key.first?.isLetter != true { key = "s_" + key }
        var number = 2
        var candidate = key
        while !taken.insert(candidate).inserted {
            candidate = "\(key)_\(number)"
            number += 1
        }
        return candidate
    }

    /// The quantity kind as an IRI.
    var quantityKind: String? { QuantityKind.iri(point.quantityKind, unit: point.unit) }

    /// `number`, `integer`, `boolean` or `string`, after scaling.
    var jsonType: String {
        switch point.dataType {
        case .boolean: "boolean"
        case .sbyte, .byte, .int16, .uint16, .int32, .uint32, .int64, .uint64: "integer"
        case .float, .double: "number"
        case .string, .dateTime: "string"
        }
    }

    /// `address?quantity=n`, zero-based.
    var href: String { "\(point.address)?quantity=\(point.wire.registers)" }

    /// The table by the name the Modbus binding gives it.
    var entity: String {
        switch point.table {
        case .coil: "Coil"
        case .discreteInput: "DiscreteInput"
        case .holdingRegister: "HoldingRegister"
        case .inputRegister: "InputRegister"
        }
    }

    /// The type of what is on the wire. Bits and bytes of a register, and decimal digits in it, have no type of their
    /// own there: the register is an unsigned number, and ``notExpressible`` says what to take from it.
    var wireType: String {
        switch point.wire {
        case .bool: "xsd:boolean"
        case .bit, .bits, .int8, .uint8, .uint16: "xsd:unsignedShort"
        case .int16: "xsd:short"
        case .int32: "xsd:int"
        case .uint32: "xsd:unsignedInt"
        case .int64: "xsd:long"
        case .uint64: "xsd:unsignedLong"
        case .float32: "xsd:float"
        case .float64: "xsd:double"
        case .bcd(let registers):
            registers == 1 ? "xsd:unsignedShort" : registers == 2 ? "xsd:unsignedInt" : "xsd:unsignedLong"
        case .string: "xsd:string"
        }
    }

    /// The two switches of the binding; `nil` for coils and discrete inputs, which have no order.
    var order: (byte: Bool, word: Bool)? {
        guard !point.table.isBits else { return nil }
        var isByteFirst = !point.order.bytes
        if case .string(.lowByteFirst, _) = point.wire { isByteFirst.toggle() }
        return (isByteFirst, !point.order.words)
    }

    /// What neither format has a term for, in the vocabulary of the data model.
    var notExpressible: [JSONTree.Member] {
        var members: [JSONTree.Member] = []
        func bits(_ lsb: Int, _ width: Int, isSigned: Bool = false) {
            var field: [JSONTree.Member] = [.init("lsb", .integer(Int64(lsb))), .init("width", .integer(Int64(width)))]
            if isSigned { field.append(.init("signed", true)) }
            members.append(.init("kpl:bits", .object(field)))
        }
        switch point.wire {
        case .bit(let bit): bits(bit, 1)
        case .bits(let lsb, let width): bits(lsb, width)
        case .int8(let half): bits(half == .high ? 8 : 0, 8, isSigned: true)
        case .uint8(let half): bits(half == .high ? 8 : 0, 8)
        case .bcd: members.append(.init("kpl:encoding", "bcd"))
        case .string(.onePerRegister, _): members.append(.init("kpl:stringLayout", "one-per-register"))
        case .bool, .int16, .uint16, .int32, .uint32, .int64, .uint64, .float32, .float64, .string: break
        }
        if point.wire.registers == 4, point.order.doubleWords != point.order.words {
            members.append(.init("kpl:doubleWordsSwapped", .bool(point.order.doubleWords)))
        }
        let scaling = point.scaling
        if scaling.numerator != scaling.denominator {
            members.append(.init("kpl:scale", .number(scaling.numerator / scaling.denominator)))
        }
        if scaling.offset != 0 { members.append(.init("kpl:offset", .number(scaling.offset))) }
        if let scale = point.scaleRegister { members.append(.init("kpl:scaleRegister", .string(scale.description))) }
        if let place = point.place {
            let home: JSONTree = ["model": .integer(Int64(place.model)), "offset": .integer(Int64(place.offset))]
            members.append(.init("kpl:sunspec", home))
        }
        if !point.sentinels.isEmpty {
            members.append(.init("kpl:sentinels", .array(point.sentinels.map { $0.tree(of: point.wire) })))
        }
        if !point.validWhen.isEmpty {
            members.append(.init("kpl:validWhen", .array(point.validWhen.map(\.tree))))
        }
        return members
    }
}

extension ValidityRule {
    /// As a profile writes it, always with lists: `{"signal": "status/fault", "is": [0], "otherwise": "sensor-fault"}`.
    fileprivate var tree: JSONTree {
        let refusal: JSONTree =
            switch otherwise {
            case .meaning(let meaning): .string(meaning.rawValue)
            case .byNumber(let meanings):
                .object(meanings.sorted { $0.key < $1.key }.map { .init("\($0.key)", .string($0.value.rawValue)) })
            }
        return [
            "signal": .string(signal.description), "is": .array(accepted.map { .integer($0) }), "otherwise": refusal,
        ]
    }
}

extension Sentinel {
    /// As the profile schema writes it: `{"raw": "0x8000", "means": "no-data"}`.
    fileprivate func tree(of wire: WireType) -> JSONTree {
        ["raw": .string(pattern.text(of: wire)), "means": .string(meaning.rawValue)]
    }
}
