internal import KoppelCore

/// The few kinds of submodel element that the exports use, as the JSON of the AAS metamodel 3.0 writes them.
enum AASElement {
    /// A value; without `value` the element stands for one that is not known.
    static func property(
        _ name: String, _ semantics: String, type: String = "xs:string", _ value: String?, valueID: String? = nil
    ) -> JSONTree {
        var members = head("Property", name, semantics)
        members.append(.init("valueType", .string(type)))
        if let value { members.append(.init("value", .string(value))) }
        if let valueID { members.append(.init("valueId", external(valueID))) }
        return .object(members)
    }

    static func flag(_ name: String, _ semantics: String, _ value: Bool) -> JSONTree {
        property(name, semantics, type: "xs:boolean", value ? "true" : "false")
    }

    static func number(_ name: String, _ semantics: String, _ value: Int64) -> JSONTree {
        property(name, semantics, type: "xs:integer", String(value))
    }

    static func collection(
        _ name: String, _ semantics: String, supplemental: [String] = [], _ elements: [JSONTree]
    ) -> JSONTree {
        var members = head("SubmodelElementCollection", name, semantics, supplemental)
        // The metamodel knows no empty list.
        if !elements.isEmpty { members.append(.init("value", .array(elements))) }
        return .object(members)
    }

    static func range(
        _ name: String, _ semantics: String, supplemental: [String], _ band: Band
    ) -> JSONTree {
        .object(
            head("Range", name, semantics, supplemental) + [
                .init("valueType", "xs:float"),
                .init("min", .string(JSONTree.number(band.low).compact)),
                .init("max", .string(JSONTree.number(band.high).compact)),
            ])
    }

    static func reference(_ name: String, _ semantics: String, to target: String) -> JSONTree {
        .object(head("ReferenceElement", name, semantics) + [.init("value", external(target))])
    }

    static func file(_ name: String, _ semantics: String, contentType: String, _ path: String) -> JSONTree {
        .object(
            head("File", name, semantics) + [
                .init("contentType", .string(contentType)), .init("value", .string(path)),
            ])
    }

    /// A reference to something outside the environment.
    static func external(_ target: String) -> JSONTree {
        ["type": "ExternalReference", "keys": [["type": "GlobalReference", "value": .string(target)]]]
    }

    /// A reference to an element of a submodel by the names that lead to it.
    static func model(_ submodel: String, path: [String] = []) -> JSONTree {
        let keys = [("Submodel", submodel)] + path.map { ("SubmodelElementCollection", $0) }
        return [
            "type": "ModelReference",
            "keys": .array(keys.map { ["type": .string($0.0), "value": .string($0.1)] }),
        ]
    }

    private static func head(
        _ kind: String, _ name: String, _ semantics: String, _ supplemental: [String] = []
    ) -> [JSONTree.Member] {
        var members: [JSONTree.Member] = [
            .init("modelType", .string(kind)), .init("idShort", .string(name)),
            .init("semanticId", external(semantics)),
        ]
        if !supplemental.isEmpty {
            members.append(.init("supplementalSemanticIds", .array(supplemental.map(external))))
        }
        return members
    }
}
