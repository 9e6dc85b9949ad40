package import KoppelCore

/// A device as a W3C Thing Description 1.1 with the Modbus binding, or as a Thing Model for a device type
/// (data model 3.15; <https://www.w3.org/TR/wot-thing-description11/>).
///
/// The binding knows Modbus TCP only: a machine on a serial line gets no `base`. What the binding has no term for
/// (scale, offset, bits, sentinels) stands under the prefix `kpl`.
package enum ThingDescription {
    package static func document(_ device: ExportedDevice) -> JSONTree {
        let instance = device.instance
        var members: [JSONTree.Member] = [.init("@context", context)]
        if instance == nil { members.append(.init("@type", "tm:ThingModel")) }
        if let instance { members.append(.init("id", .string(instance.id))) }
        members.append(.init("title", .string(device.title)))
        members.append(.init("schema:manufacturer", .string(device.manufacturer)))
        members.append(.init("schema:model", .string(device.model)))
        if let serial = instance?.serialNumber { members.append(.init("schema:serialNumber", .string(serial))) }
        var version: [JSONTree.Member] = [.init("model", .string(device.profileVersion))]
        // The standard wants `instance` wherever there is a version of a thing; 0 is no revision yet.
        if let instance { version.insert(.init("instance", .string(String(instance.rev ?? 0))), at: 0) }
        members.append(.init("version", .object(version)))
        members.append(.init("securityDefinitions", ["nosec_sc": ["scheme": "nosec"]]))
        members.append(.init("security", ["nosec_sc"]))
        if let base = instance.map(\.base) ?? placeholder { members.append(.init("base", .string(base))) }
        members.append(.init("properties", .object(device.signals.map { .init($0.key, property($0)) })))
        return .object(members)
    }

    /// Whoever makes a Thing Description of a Thing Model fills these in.
    private static let placeholder: String? = "modbus+tcp://{{HOST}}:{{PORT}}/{{UNIT}}/"

    /// The Modbus prefix stands in an object of its own, since only then does the document pass both the ontology,
    /// whose prefix ends in `#`, and the schema of the binding, whose prefix does not (data model 2.2).
    private static let context: JSONTree = [
        "https://www.w3.org/2022/wot/td/v1.1",
        ["modv": "https://www.w3.org/2019/wot/modbus#"],
        [
            "xsd": "http://www.w3.org/2001/XMLSchema#",
            "kpl": "https://koppel.example/cdm/1/vocab#",
            "qudt": "http://qudt.org/schema/qudt/",
            "schema": "https://schema.org/",
        ],
    ]

    private static func property(_ signal: ExportedSignal) -> JSONTree {
        let point = signal.point
        var members: [JSONTree.Member] = []
        if let title = signal.title { members.append(.init("title", .string(title))) }
        members.append(.init("kpl:signalName", .string(point.signal.description)))
        if point.kind != .measurement { members.append(.init("kpl:kind", .string(point.kind.rawValue))) }
        members.append(.init("type", .string(signal.jsonType)))
        if let unit = point.unit {
            members.append(.init("unit", .string(unit.ucum)))
            if let code = unit.unece { members.append(.init("schema:unitCode", .string(code))) }
            members.append(.init("qudt:hasUnit", ["@id": .string("http://qudt.org/vocab/unit/" + unit.qudt)]))
        }
        if let kind = signal.quantityKind { members.append(.init("qudt:hasQuantityKind", ["@id": .string(kind)])) }
        if let limits = point.limits {
            members.append(.init("minimum", .number(limits.low)))
            members.append(.init("maximum", .number(limits.high)))
        }
        if !point.enumeration.isEmpty {
            let names = point.enumeration.sorted { $0.key < $1.key }
            members.append(.init("kpl:enum", .object(names.map { .init(String($0.key), .string($0.value)) })))
        }
        if let counter = point.counter { members.append(.init("kpl:counter", rule(counter))) }
        if !point.published { members.append(.init("kpl:publish", false)) }
        members.append(.init("readOnly", true))
        members.append(.init("observable", true))
        members.append(.init("forms", [form(signal)]))
        return .object(members)
    }

    /// As the profile schema writes it, so that the counter is not only a number to whoever imports it.
    private static func rule(_ counter: CounterRule) -> JSONTree {
        var members: [JSONTree.Member] = []
        // Larger than the whole numbers of JSON can be.
        if let modulus = counter.modulus { members.append(.init("modulus", .string(String(modulus)))) }
        members.append(.init("reset", .string(counter.reset.rawValue)))
        members.append(.init("maxRatePerSecond", .number(counter.maxRatePerSecond)))
        if let counts = counter.counts { members.append(.init("counts", .string(counts.rawValue))) }
        return .object(members)
    }

    private static func form(_ signal: ExportedSignal) -> JSONTree {
        var members: [JSONTree.Member] = [
            .init("op", ["readproperty", "observeproperty"]),
            .init("href", .string(signal.href)),
            .init("contentType", "application/octet-stream"),
            .init("modv:entity", .string(signal.entity)),
            // The binding's default is one-based, so it is always written.
            .init("modv:zeroBasedAddressing", true),
            .init("modv:type", .string(signal.wireType)),
        ]
        if let order = signal.order {
            members.append(.init("modv:mostSignificantByte", .bool(order.byte)))
            members.append(.init("modv:mostSignificantWord", .bool(order.word)))
        }
        members.append(.init("modv:pollingTime", .integer(signal.interval.milliseconds)))
        if let timeout = signal.timeout { members.append(.init("modv:timeout", .integer(timeout.milliseconds))) }
        return .object(members + signal.notExpressible)
    }
}

extension Duration {
    /// Whole milliseconds, rounded.
    var milliseconds: Int64 { (wholeNanoseconds + 500_000) / 1_000_000 }
}
