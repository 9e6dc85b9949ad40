internal import KoppelCore

/// The one interface of a device's Asset Interfaces Description: Modbus over TCP.
///
/// Value types follow the text of the description, not its template, which makes strings of booleans and integers.
struct AssetInterface {
    private static let name = "InterfaceMODBUS"
    private static let base = "https://admin-shell.io/idta/AssetInterfacesDescription/1/0/"
    private static let td = "https://www.w3.org/2019/wot/td#"
    private static let hypermedia = "https://www.w3.org/2019/wot/hypermedia#"
    private static let modbus = "https://www.w3.org/2019/wot/modbus#"
    private static let schema = "https://www.w3.org/2019/wot/json-schema#"
    private static let security = "https://www.w3.org/2019/wot/security#"

    private let device: ExportedDevice
    private let submodel: String
    /// The order most registers have; it stands once, and again where a signal has another one.
    private let usualOrder: (byte: Bool, word: Bool)

    /// `submodel` is the id of the submodel it stands in.
    init(device: ExportedDevice, submodel: String) {
        self.device = device
        self.submodel = submodel
        let orders = device.signals.compactMap(\.order)
        usualOrder = (
            orders.count(where: \.byte) * 2 >= orders.count, orders.count(where: \.word) * 2 >= orders.count
        )
    }

    var element: JSONTree {
        let metadata = AASElement.collection(
            "InteractionMetadata", Self.base + "InteractionMetadata", supplemental: [Self.td + "InteractionAffordance"],
            [
                AASElement.collection(
                    "properties", Self.td + "PropertyAffordance", device.signals.map(property))
            ])
        var elements = [
            AASElement.property("title", Self.td + "title", device.title), endpoint, metadata,
        ]
        if device.signals.contains(where: { !$0.notExpressible.isEmpty }) { elements.append(descriptor) }
        return AASElement.collection(
            Self.name, Self.base + "Interface",
            supplemental: ["http://www.w3.org/2011/modbus", "https://www.w3.org/2019/wot/td"], elements)
    }

    // MARK: Endpoint

    private var endpoint: JSONTree {
        AASElement.collection(
            "EndpointMetadata", Self.base + "EndpointMetadata",
            [
                // An element without a value is one that is not known: a type has no address, nor has a serial line.
                AASElement.property("base", Self.td + "baseURI", type: "xs:anyURI", device.instance?.base),
                AASElement.property("contentType", Self.hypermedia + "forContentType", "application/octet-stream"),
                securityList,
                AASElement.collection(
                    "securityDefinitions", Self.td + "definesSecurityScheme",
                    [
                        AASElement.collection(
                            "nosec_sc", Self.security + "NoSecurityScheme",
                            [AASElement.property("scheme", Self.security + "SecurityScheme", "nosec")])
                    ]),
                AASElement.flag("modv_mostSignificantByte", Self.modbus + "hasMostSignificantByte", usualOrder.byte),
                AASElement.flag("modv_mostSignificantWord", Self.modbus + "hasMostSignificantWord", usualOrder.word),
            ])
    }

    private var securityList: JSONTree {
        let semantics = AASElement.external(Self.td + "hasSecurityConfiguration")
        let path = [Self.name, "EndpointMetadata", "securityDefinitions", "nosec_sc"]
        return [
            "modelType": "SubmodelElementList",
            "idShort": "security",
            "semanticId": semantics,
            "orderRelevant": true,
            "semanticIdListElement": semantics,
            "typeValueListElement": "ReferenceElement",
            "value": [
                [
                    "modelType": "ReferenceElement", "semanticId": semantics,
                    "value": AASElement.model(submodel, path: path),
                ]
            ],
        ]
    }

    /// Where the description has no element (scale, offset, sentinels, bits) it points at the profile.
    private var descriptor: JSONTree {
        AASElement.collection(
            "ExternalDescriptor", Self.base + "ExternalDescriptor",
            [
                AASElement.file(
                    "profile", Self.base + "externalDescriptorName", contentType: "application/yaml",
                    "\(device.profile)-\(device.profileVersion).yaml")
            ])
    }

    // MARK: Properties

    private func property(_ signal: ExportedSignal) -> JSONTree {
        let point = signal.point
        var elements = [AASElement.property("key", Self.base + "key", point.signal.description)]
        if let title = signal.title { elements.append(AASElement.property("title", Self.td + "title", title)) }
        elements.append(
            AASElement.property("type", "https://www.w3.org/1999/02/22-rdf-syntax-ns#type", signal.jsonType))
        elements.append(AASElement.flag("observable", Self.td + "isObservable", true))
        if let unit = point.unit {
            elements.append(
                AASElement.property(
                    "unit", "https://schema.org/unitCode", unit.unece ?? "http://qudt.org/vocab/unit/" + unit.qudt,
                    valueID: unit.iec62720.map { "0112/2///62720#" + $0 }))
        }
        if let limits = point.limits {
            elements.append(
                AASElement.range(
                    "min_max", Self.base + "minMaxRange",
                    supplemental: [Self.schema + "minimum", Self.schema + "maximum"], limits))
        }
        if let kind = signal.quantityKind {
            elements.append(AASElement.reference("valueSemantics", Self.base + "valueSemantics", to: kind))
        }
        elements.append(AASElement.collection("forms", Self.td + "hasForm", form(signal)))
        return AASElement.collection(
            signal.key, Self.base + "PropertyDefinition", supplemental: [Self.td + "name"], elements)
    }

    private func form(_ signal: ExportedSignal) -> [JSONTree] {
        var elements = [
            AASElement.property("href", Self.hypermedia + "hasTarget", signal.href),
            AASElement.property("contentType", Self.hypermedia + "forContentType", "application/octet-stream"),
            AASElement.property("modv_entity", Self.modbus + "hasEntity", signal.entity),
            AASElement.flag("modv_zeroBasedAddressing", Self.modbus + "hasZeroBasedAddressingFlag", true),
            AASElement.property("modv_type", Self.modbus + "hasPayloadDataType", signal.wireType),
        ]
        if let order = signal.order, order != usualOrder {
            elements.append(
                AASElement.flag("modv_mostSignificantByte", Self.modbus + "hasMostSignificantByte", order.byte))
            elements.append(
                AASElement.flag("modv_mostSignificantWord", Self.modbus + "hasMostSignificantWord", order.word))
        }
        elements.append(
            AASElement.number("modv_pollingTime", Self.modbus + "hasPollingTime", signal.interval.milliseconds))
        if let timeout = signal.timeout {
            elements.append(AASElement.number("modv_timeout", Self.modbus + "hasTimeout", timeout.milliseconds))
        }
        return elements
    }
}
