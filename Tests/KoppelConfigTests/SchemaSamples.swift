import KoppelCore
import Testing

@testable import KoppelConfig

/// One key of a site file with its place in a site that has one of everything.
struct SchemaPlace: CustomTestStringConvertible {
    /// The keys that lead there.
    var path: [String]
    var shape: ValueShape

    var testDescription: String { path.joined(separator: ".") }

    /// Every key of every section, whatever depth.
    static let all: [SchemaPlace] = places(SiteShape.site, at: [])

    /// Every section, for a key nobody knows.
    static let sections: [[String]] =
        [[]]
        + all.compactMap { place in
            switch place.shape {
            case .section, .oneKey: place.path
            default: nil
            }
        }

    private static let names = [
        "buses": "net", "machines": "meter", "destinations": "plant", "signals": "electrical/frequency",
    ]

    private static func places(_ section: SectionShape, at path: [String]) -> [SchemaPlace] {
        section.keys.flatMap { key -> [SchemaPlace] in
            [SchemaPlace(path: path + [key.name], shape: key.value)] + places(inside: key.value, at: path + [key.name])
        }
    }

    private static func places(inside shape: ValueShape, at path: [String]) -> [SchemaPlace] {
        switch shape {
        // A point that a site file adds has the keys of a profile's, which are tested there.
        case .section(let section) where section.names.contains("wireType"): []
        case .section(let section), .oneKey(let section): places(section, at: path)
        case .either(let shapes): shapes.flatMap { places(inside: $0, at: path) }
        case .entries(_, let value): places(inside: value, at: path + [names[path.last ?? ""] ?? "one"])
        default: []
        }
    }
}

/// What the parser must take and must refuse behind a key, by its shape alone.
struct SchemaSamples {
    var good: [JSONTree]
    var bad: [JSONTree]
    /// Refused by the parser for how much it is, which a schema cannot say.
    var tooMuch: [JSONTree] = []

    /// Values that have to name something that is there, or a form of their own.
    private static let special: [String: [JSONTree]] = [
        // The machine of the base needs the bus and the profile of the base.
        "buses": [], "agent.profiles": ["Devices"], "include": [], "machines.meter.bus": ["net"],
        "machines.meter.profile": ["eastron/sdm630-v2"],
        "buses.net.url": ["tcp://10.0.0.1", "rtu+tcp://10.0.0.1:4001?baud=9600&format=8N1"],
        "destinations.plant.url": ["mqtts://broker"], "page.listen": ["127.0.0.1:8470", "[::1]:1"],
        "destinations.plant.client-id": ["a-B_9"], "destinations.plant.password.env": ["A_1"],
        "destinations.plant.tls.key.env": ["_k"],
        "machines.meter.nameplate.uri-of-the-product": ["https://id.example.com/a"],
        "machines.meter.nameplate.asset-tag": ["E-0417", 417],
    ]

    init(_ place: SchemaPlace) {
        self.init(place.shape)
        if let special = Self.special[place.testDescription] { good = special }
    }

    private init(_ shape: ValueShape) {
        let mapping: JSONTree = ["nobody-knows": 1]
        switch shape {
        case .text(let pattern, _): (good, bad) = (pattern == nil ? ["text", 5] : [], [mapping, [], .null])
        case .identifier: (good, bad) = (["a-9", 7], ["A", "a_b", "-a", mapping])
        case .integer(let range):
            good = [
                .integer(Int64(range.lowerBound)), .integer(Int64(range.upperBound)), .string("\(range.upperBound)"),
            ]
            bad = [.integer(Int64(range.lowerBound - 1)), .integer(Int64(range.upperBound + 1)), "x", 1.5, mapping]
        case .factor: (good, bad) = ([-1.5, "2e3"], [0, "x", mapping])
        case .number: (good, bad) = ([-1.5, 0, "2e3"], ["x", mapping])
        case .numberFrom(let bound, let isExcluded):
            good = [.number(bound + 0.5)] + (isExcluded ? [] : [.number(bound)])
            bad = [.number(bound - 1), "x", mapping] + (isExcluded ? [.number(bound)] : [])
        case .flag: (good, bad) = ([true, false, "on", "no"], ["maybe", 1, mapping])
        case .yes: (good, bad) = ([true, "yes"], [false, "no", 1])
        case .duration(let range, let zero):
            good = [.string(plain(range.lowerBound)), .string(plain(range.upperBound))] + (zero ? ["0s", "0ms"] : [])
            bad = [5, "5", "5m", "s", mapping, []]
            tooMuch = [.string("\(range.upperBound.wholeNanoseconds / 1_000_000 + 1)ms")]
        case .size(let range):
            good = [.string("\(range.lowerBound)B"), .string("\(range.upperBound)B")]
            (bad, tooMuch) = ([5, "5", "5k", mapping], [.string("\(range.upperBound + (1 << 30))B")])
        case .rate(let range):
            good = [.string("\(range.lowerBound)B/s"), .string("\(range.upperBound)B/s")]
            (bad, tooMuch) = ([5, "5kB", mapping], [.string("\(range.lowerBound - 1)B/s")])
        case .percentage(let range):
            good = [.string("\(range.lowerBound)%"), .string("\(Int(range.upperBound)) %")]
            (bad, tooMuch) = ([10, "10", mapping], [.string("\(range.upperBound + 1)%")])
        case .choice(let words): (good, bad) = (words.map { .string($0) }, ["nobody-knows", mapping])
        case .localizedText: (good, bad) = (["text", ["nl": "tekst", "en": "text"]], [[1], ["Nederlands": "tekst"]])
        case .list(let item, _):
            let samples = SchemaSamples(item)
            (good, bad) = ([.array(Array(samples.good.prefix(1)))], ["text", .array(Array(samples.bad.prefix(1)))])
        case .section, .oneKey: (good, bad) = ([], ["text", [1]])
        case .entries: (good, bad) = ([], ["text", [1]])
        case .nothing: (good, bad) = ([.null], [])
        case .either(let shapes):
            good = shapes.flatMap { SchemaSamples($0).good }
            bad = [[[1]]]
        case .scalar(let orNothing): (good, bad) = ([1.5, "text", true], [mapping, []] + (orNothing ? [] : [.null]))
        }
    }
}
