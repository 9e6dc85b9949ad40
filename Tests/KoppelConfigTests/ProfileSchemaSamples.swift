import KoppelCore

@testable import KoppelConfig

/// A profile and a vectors file with one of everything, and the values that need others beside them.
enum ProfileSchemaSamples {
    private static let kinds = "http://qudt.org/vocab/quantitykind/"
    /// The point that has nothing but what is required, for keys that ask for others.
    static let plain = "9"

    static let profile: JSONTree = [
        "profile": "acme-m1", "version": "1.0.0", "manufacturer": "Acme", "model": "M1", "protocol": "modbus",
        "addressing": "zero-based", "confidence": ["level": "low"],
        "limits": ["gaps": [["entity": "HoldingRegister", "from": 70, "to": 80]]],
        "sunspec": ["models": [["id": 1, "length": 66], ["id": 103, "length": 50, "or": [101], "optional": true]]],
        "points": [
            point(
                "a/flow", 1,
                [
                    "wireType": "int16", "kind": "measurement", "quantityKind": .string(kinds + "Voltage"),
                    "unit": ["ucum": "V"], "scaleRegister": "a/power-of-ten",
                    "sentinels": [["raw": "0x8000", "means": "no-data"]],
                    "range": ["low": 0, "high": 10], "limits": ["low": -100, "high": 1_000],
                ]),
            point("a/power-of-ten", 2, ["wireType": "int16"]),
            point("a/bit", 3, ["wireType": "bit", "bit": 0]),
            point("a/bits", 4, ["wireType": "bits", "bits": ["lsb": 0, "width": 1]]),
            point("a/half", 5, ["wireType": "int8", "half": "low"]),
            point("a/text", 200, ["wireType": "string", "length": 4, "kind": "text"]),
            point(
                "a/parts", 6,
                [
                    "wireType": "uint32", "kind": "counter", "unit": ["ucum": "{#}"],
                    "counter": ["modulus": 65_536, "reset": "never", "maxRatePerSecond": 2],
                ]),
            point("a/mode", 8, ["kind": "state", "enum": ["0": "off", "1": "on"]]),
            point("a/place", nil, ["sunspec": ["model": 103, "offset": 2]]),
            point("a/plain", 20, [:]),
        ],
        "state": [
            "basis": "register", "signal": "a/mode", "map": ["0": ["state": "executing"]], "unless": unless,
        ],
        "alarms": [
            [
                "code": "stuck", "signal": "a/bit", "when": ["isTrue": true], "level": "fault", "severity": 500,
                "text": ["nl": "Vast", "en": "Stuck"],
            ]
        ],
    ]

    static let vectors: JSONTree = [
        "profile": "acme-m1",
        "vectors": [
            [
                "name": "as found", "words": ["holding": ["0": [1, 0xFFFF]], "coil": ["0x10": [0, 1]]],
                "expect": ["a/level": ["value": 1]],
            ]
        ],
    ]

    private static func point(_ signal: String, _ address: Int64?, _ keys: JSONTree) -> JSONTree {
        var point: JSONTree = ["signal": .string(signal), "label": ["nl": "x", "en": "x"]]
        if let address { point = point.adding(["entity": "HoldingRegister", "address": .integer(address)]) }
        return point.adding(["wireType": "uint16", "kind": "event"]).adding(keys)
    }

    /// The state of each basis, for the keys that belong to it.
    static let states: [String: JSONTree] = [
        "register": profile["state"] ?? .null,
        "derived-bits": ["basis": "derived-bits", "fault": "a/bit", "unless": unless],
        "derived-power": ["basis": "derived-power", "signal": "a/flow", "idle": 1, "busy": 10, "unless": unless],
    ]
    private static let unless: JSONTree = [["signal": "a/bit", "state": "outOfService"]]

    /// The point that a key is tested at, where it is not the first.
    private static let points = [
        "signal": plain, "entity": plain, "address": plain, "wireType": plain, "kind": plain, "order": plain,
        "bit": "2", "bits": "3", "half": "4", "length": "5", "layout": "5", "counter": "6", "enum": "7", "sunspec": "8",
        "validWhen": "3",
    ]

    /// A profile in which a value can stand at a place of the shape, and where that place lies in it: with what the value
    /// needs, without what it excludes, and short, since each value is parsed and validated twice.
    static func frame(_ path: [String], _ value: JSONTree) -> (profile: JSONTree, path: [String]) {
        var path = path
        var points = ["8", plain]
        var removed = ["state", "alarms"]
        if path.first == "points", path.count > 2 {
            points = [Self.points[path[2]] ?? "0"]
            if points == ["0"] { points.append("1") }
            if path[2] == "validWhen" { points.append("2") }
        } else if path.first == "state" || path.first == "alarms" {
            (points, removed) = (["0", "1", "2", "7"], [])
        }
        if path.starts(with: ["sunspec", "models", "0"]), ["or", "optional"].contains(path.last) { path[2] = "1" }
        var kept = points.compactMap { profile.at(["points", $0]) }
        if points == [plain], case .string(let word) = value {
            kept[0] = kept[0].adding(companions(of: path.last ?? "", word))
        }
        var file = profile.without(removed).setting(["points"], .array(kept))
        if path.starts(with: ["points", "0", "validWhen"]) {
            file = file.setting(path[..<3], path.dropFirst(3).first == "0" ? [condition] : condition)
        }
        if path.starts(with: ["limits", "startAt"]) {
            let starts: JSONTree = [["entity": "HoldingRegister", "addresses": [1, 200, 40_000]]]
            file = file.setting(["limits", "startAt"], starts)
        }
        if path.starts(with: ["alarms", "0", "when"]) {
            file = file.setting(["alarms", "0", "when"], .object([]))
        }
        return (file, path)
    }

    private static func companions(of key: String, _ word: String) -> JSONTree {
        switch (key, word) {
        case ("entity", "Coil"), ("entity", "DiscreteInput"): ["wireType": "bool"]
        case ("wireType", "bit"): ["bit": 3]
        case ("wireType", "bits"): ["bits": ["lsb": 3, "width": 2]]
        case ("wireType", "string"): ["length": 2, "kind": "text"]
        case ("kind", "measurement"): ["unit": ["ucum": "V"], "quantityKind": .string(kinds + "Voltage")]
        case ("kind", "counter"): ["unit": ["ucum": "1"], "counter": ["reset": "never", "maxRatePerSecond": 1]]
        case ("kind", "state"): ["enum": ["0": "off"]]
        case ("kind", "text"): ["wireType": "string", "length": 2]
        case ("order", _) where [2, 4, 8].contains(word.utf8.count): ["wireType": .string("uint\(word.utf8.count * 8)")]
        default: [:]
        }
    }

    private static let condition: JSONTree = ["signal": "a/bit", "is": 0, "otherwise": "no-data"]

    /// Good values where the shape alone does not say which fit the rest of the file.
    static let special: [String: [JSONTree]] = [
        "version": ["1.0.0", "2.10.33"], "addressing": ["zero-based", "one-based"], "points": [],
        "limits.registersPerRequest": [60, 125], "limits.evenAlignment": [false, "no"],
        "limits.gaps.0.from": [70, "0x46"], "limits.gaps.0.to": [80], "limits.startAt.0.addresses": [[1, 200, 40_000]],
        "sunspec.base": [40_000, 50_000], "sunspec.models": [], "sunspec.models.0.length": [66, "0x42"],
        "sunspec.models.0.id": [1, 7], "sunspec.models.0.or": [[101], [102, 101]],
        "points.0.signal": ["b/other"], "points.0.address": [100, "0x64"],
        "points.0.sunspec.model": [103], "points.0.sunspec.offset": [0, 2, "51"],
        "points.0.validWhen": [condition, [condition]],
        "points.0.validWhen.signal": ["a/bit"], "points.0.validWhen.0.signal": ["a/bit"],
        "points.0.validWhen.is": [0, [1, 0], true], "points.0.validWhen.0.is": [1],
        "points.0.validWhen.otherwise": ["over-range", ["1": "no-data"]],
        "points.0.validWhen.0.otherwise": ["sensor-fault"],
        "points.0.scaleRegister": ["a/power-of-ten"], "points.0.sentinels.0.raw": ["0x8000", "0xff"],
        "points.0.quantityKind": [.string(kinds + "Voltage"), .string(kinds + "AnyKind2")],
        "points.0.unit.unece": ["VLT"], "points.0.unit.qudt": ["http://qudt.org/vocab/unit/V"],
        "points.0.semanticId": ["urn:a", ["http://example.com/a", "urn:b"]],
        "points.0.mtconnect": ["VOLTAGE_AC", "PART_COUNT/GOOD"],
        "points.0.range.low": [-1.5, 0, "5e0"], "points.0.range.high": [5.5, "1e2"],
        "points.0.limits.low": [-100.5, "-2e2"], "points.0.limits.high": [1_000.5, "2e3"],
        "points.0.counter.modulus": [2, 65_536, .null], "points.0.enum": [["0": "off", "-1": "none"]],
        "state.unless.0.signal": ["a/bit", "a/flow"], "state.signal": ["a/mode"],
        "state.map": [["0": ["state": "executing"]]],
        "state.fault": ["a/bit"], "state.run": ["a/bit"], "state.power": ["a/bit"],
        "state.idle": [-1.5, 0, "5e0"], "state.busy": [10.5, "2e3"],
        "alarms.0.code": ["a-9"], "alarms.0.signal": ["a/bit"], "alarms.0.when.equals": [0, -5, "12"],
    ]

    static let specialVectors: [String: [JSONTree]] = [
        "vectors.0.words.coil": [["0": [1, 0]]], "vectors.0.words.holding": [["0x10": [0, 0xFFFF], "7": []]],
        "vectors.0.expect": [["a/level": ["value": "on"]], .object([])],
        // A value is null exactly when the quality is bad.
        "vectors.0.expect.a/level.quality": ["good", "uncertain"],
    ]
}

extension JSONTree {
    /// The mapping with the keys of another one added, or put in place of its own.
    func adding(_ other: JSONTree) -> JSONTree {
        guard case .object(let members) = other else { return self }
        return members.reduce(self) { $0.setting([$1.name], $1.value) }
    }
}
