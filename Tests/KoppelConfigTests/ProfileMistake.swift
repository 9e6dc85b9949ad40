import KoppelCore

/// A mistake that a schema must mark in the editor: one change to a file that is right.
struct ProfileMistake {
    var name: String
    var path: [String]
    /// Keys that are added there or take the place of others.
    var added: JSONTree = [:]
    var removed: [String] = []

    func document(of file: JSONTree) -> JSONTree {
        let part = (file.at(path) ?? .object([])).without(removed).adding(added)
        return path.isEmpty ? part : file.setting(path, part)
    }

    static let all: [ProfileMistake] =
        missing + points.map { ProfileMistake(name: $0.key, path: ["points", "9"], added: $0.value) }
        + heads.map { ProfileMistake(name: $0.key, path: [], added: $0.value) }
        + [
            ProfileMistake(
                name: "a point of a SunSpec model with an address", path: ["points", "8"], added: ["address": 7]),
            ProfileMistake(name: "a place in a SunSpec model of no profile", path: [], removed: ["sunspec"]),
            ProfileMistake(name: "a level without its bound", path: ["points", "0", "range"], removed: ["high"]),
            ProfileMistake(name: "an alarm of the agent's own", path: ["alarms", "0"], added: ["code": "kpl-hot"]),
            ProfileMistake(name: "an alarm as severe as 0", path: ["alarms", "0"], added: ["severity": 0]),
            ProfileMistake(name: "two triggers", path: ["alarms", "0", "when"], added: ["above": 3]),
            ProfileMistake(name: "no trigger", path: ["alarms", "0", "when"], removed: ["isTrue"]),
            ProfileMistake(
                name: "a trigger that is not true", path: ["alarms", "0", "when"], added: ["isTrue": false]),
        ]

    private static let missing: [ProfileMistake] =
        ["profile", "version", "manufacturer", "model", "protocol", "addressing", "points"].map {
            ProfileMistake(name: "no \($0)", path: [], removed: [$0])
        }
        + ["signal", "entity", "address", "wireType", "kind"].map {
            ProfileMistake(name: "a point without \($0)", path: ["points", "9"], removed: [$0])
        }
        + ["code", "signal", "when", "level", "severity", "text"].map {
            ProfileMistake(name: "an alarm without \($0)", path: ["alarms", "0"], removed: [$0])
        }
        + ["basis", "signal", "map"].map {
            ProfileMistake(name: "a state without \($0)", path: ["state"], removed: [$0])
        }

    private static let voltage: JSONTree = "http://qudt.org/vocab/quantitykind/Voltage"

    private static let points: [String: JSONTree] = [
        "a typing error in a key": ["adress": 3],
        "a word of another program": ["type": "uint16"],
        "a measurement without unit": ["kind": "measurement", "quantityKind": voltage],
        "a measurement without quantity kind": ["kind": "measurement", "unit": ["ucum": "V"]],
        "a counter without rule": ["kind": "counter", "unit": ["ucum": "1"]],
        "a counter without unit": ["kind": "counter", "counter": ["reset": "never", "maxRatePerSecond": 1]],
        "a rule of a counter at an event": ["counter": ["reset": "never", "maxRatePerSecond": 1]],
        "a state without names": ["kind": "state"],
        "a number as text": ["kind": "text"],
        "a string as a state": ["wireType": "string", "length": 2, "kind": "state", "enum": ["0": "a"]],
        "a bit without its number": ["wireType": "bit"],
        "bits without their place": ["wireType": "bits"],
        "a string without its length": ["wireType": "string", "kind": "text"],
        "a bit at a whole register": ["bit": 3],
        "half of a 16-bit number": ["wireType": "int16", "half": "high"],
        "a length at a number": ["length": 2],
        "bit 16": ["wireType": "bit", "bit": 16],
        "an order of four bytes for two": ["order": "ABCD"],
        "an order of two bytes for four": ["wireType": "uint32", "order": "BA"],
        "an order that exists nowhere": ["wireType": "uint32", "order": "ABDC"],
        "an order of a string": ["wireType": "string", "length": 2, "kind": "text", "order": "BA"],
        "an order said twice": ["order": "BA", "mostSignificantByte": false],
        "a coil as a number": ["entity": "Coil"],
        "a table that is none": ["entity": "HoldingRegisters"],
        "a type of another program": ["wireType": "float"],
        "an address with h": ["address": "103Eh"],
        "an address past the end": ["address": 465_537],
        "a scale of nothing": ["scale": 0],
        "a decimal comma": ["scale": "0,1"],
        "a fraction": ["scale": "1/1000"],
        "a unit without its braces": ["unit": "kWh"],
        "a unit as people write it": ["unit": ["ucum": "kWh"]],
        "a quantity kind without its IRI": ["quantityKind": "Voltage"],
        "a raw pattern without 0x": ["sentinels": [["raw": "8000", "means": "no-data"]]],
        "a meaning that is none": ["sentinels": [["raw": "0x8000", "means": "broken"]]],
        "a language by its name": ["label": ["Nederlands": "Spanning"]],
        "a name for a word": ["enum": ["zero": "off"]],
        "a signal without group": ["signal": "voltage"],
        "a signal in capitals": ["signal": "A/Voltage"],
        "a meaning without scheme": ["semanticId": "voltage"],
        "an MTConnect type in small letters": ["mtconnect": "volts"],
        "an interval that is too short": ["sampling": ["intervalMs": 5]],
        "an interval with its unit": ["sampling": ["intervalMs": "5s"]],
        "a deadband below 0": ["sampling": ["deadband": -1]],
        "a counter of one value": [
            "kind": "counter", "unit": ["ucum": "1"],
            "counter": ["modulus": 1, "reset": "never", "maxRatePerSecond": 1],
        ],
        "a counter that stands still": [
            "kind": "counter", "unit": ["ucum": "1"], "counter": ["reset": "never", "maxRatePerSecond": 0],
        ],
    ]

    private static let heads: [String: JSONTree] = [
        "a typing error in the head": ["adressing": "modicon"],
        "an id with a blank": ["profile": "Acme M1"],
        "a version of two numbers": ["version": "1.0"],
        "another protocol": ["protocol": "opcua"],
        "a way to count that is none": ["addressing": "decimal"],
        "a confidence without braces": ["confidence": "low"],
        "sources without brackets": ["sources": "manual of 2019"],
        "a timeout without Ms": ["defaults": ["timeout": 500]],
        "more than a request takes": ["limits": ["registersPerRequest": 126]],
        "addresses in another way to count": ["addressing": "modicon"],
        "gaps in a word": ["limits": ["gaps": "some"]],
        "a gap without its end": ["limits": ["gaps": [["entity": "Coil", "from": 3]]]],
        "nowhere to begin": ["limits": ["startAt": [["entity": "Coil", "addresses": []]]]],
        "no points at all": ["points": []],
        "SunSpec without models": ["sunspec": [:]],
        "a model without its length": ["sunspec": ["models": [["id": 1]]]],
        "a basis that is none": ["state": ["basis": "guess"]],
        "a state from no bit": ["state": ["basis": "derived-bits"]],
        "a state from power without bounds": ["state": ["basis": "derived-power", "signal": "a/flow"]],
        "a key of another basis": ["state": ["basis": "derived-bits", "run": "a/bit", "idle": 3]],
        "a state that is none": [
            "state": ["basis": "register", "signal": "a/mode", "map": ["0": ["state": "stopped"]]]
        ],
        "a state of a word": [
            "state": ["basis": "register", "signal": "a/mode", "map": ["x": ["state": "executing"]]]
        ],
    ]

    static let ofVectors: [ProfileMistake] = [
        ProfileMistake(name: "no profile", path: [], removed: ["profile"]),
        ProfileMistake(name: "no vectors", path: [], removed: ["vectors"]),
        ProfileMistake(name: "a vector without name", path: ["vectors", "0"], removed: ["name"]),
        ProfileMistake(name: "a vector without words", path: ["vectors", "0"], removed: ["words"]),
        ProfileMistake(name: "a vector that expects nothing", path: ["vectors", "0"], removed: ["expect"]),
        words("a table that is none", ["inputs": ["0": [1]]]),
        words("a word too wide", ["holding": ["0": [0x10000]]]),
        words("a coil of two", ["coil": ["0": [2]]]),
        words("a word of letters", ["holding": ["0": ["two"]]]),
        words("words without brackets", ["holding": ["0": 1]]),
        words("an address that is none", ["holding": ["first": [1]]]),
        expect("a signal without group", ["level": ["value": 1]]),
        expect("a value without braces", ["a/level": 1]),
        expect("nothing that is good", ["a/level": ["value": .null]]),
        expect("a bad value", ["a/level": ["value": 5, "quality": "bad"]]),
        expect("a quality that is none", ["a/level": ["value": 5, "quality": "fine"]]),
        expect("no value", ["a/level": ["unit": "V"]]),
        expect("a reason that is none", ["a/level": ["value": .null, "quality": "bad", "reason": "broken"]]),
        expect("a unit that is none", ["a/level": ["value": 5, "unit": "kWh"]]),
    ]

    private static func words(_ name: String, _ words: JSONTree) -> ProfileMistake {
        ProfileMistake(name: name, path: ["vectors", "0"], added: ["words": words])
    }

    private static func expect(_ name: String, _ expect: JSONTree) -> ProfileMistake {
        ProfileMistake(name: name, path: ["vectors", "0"], added: ["expect": expect])
    }
}
