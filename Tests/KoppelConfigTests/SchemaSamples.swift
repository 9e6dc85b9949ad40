import KoppelCore
import Testing

@testable import KoppelConfig

/// One key of a file with its place in a file that has one of everything.
struct SchemaPlace: CustomTestStringConvertible {
    /// The keys that lead there; the items of a list count from 0.
    var path: [String]
    var shape: ValueShape

    var testDescription: String { path.joined(separator: ".") }

    /// Every key of every section below a shape, whatever depth.
    static func all(_ section: SectionShape, at path: [String] = []) -> [SchemaPlace] {
        section.keys.flatMap { key -> [SchemaPlace] in
            [SchemaPlace(path: path + [key.name], shape: key.value)] + inside(key.value, at: path + [key.name])
        }
    }

    /// Every section, for a key nobody knows.
    static func sections(_ shape: ValueShape, at path: [String] = []) -> [[String]] {
        switch shape {
        case .section(let section), .oneKey(let section):
            [path] + section.keys.flatMap { sections($0.value, at: path + [$0.name]) }
        case .either(let shapes): shapes.flatMap { sections($0, at: path) }
        case .entries(_, let value): sections(value, at: path + [entry(of: path)])
        case .list(let item, _): sections(item, at: path + ["0"])
        default: []
        }
    }

    /// The name of the entry that is tested in a mapping with free keys.
    private static func entry(of path: [String]) -> String {
        [
            "buses": "net", "machines": "meter", "destinations": "plant", "signals": "electrical/frequency",
            "map": "0", "expect": "a/level",
        ][path.last ?? ""] ?? "one"
    }

    private static func inside(_ shape: ValueShape, at path: [String]) -> [SchemaPlace] {
        switch shape {
        case .section(let section), .oneKey(let section): all(section, at: path)
        case .either(let shapes): shapes.flatMap { inside($0, at: path) }
        case .entries(_, let value): inside(value, at: path + [entry(of: path)])
        case .list(let item, _): inside(item, at: path + ["0"])
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

    init(_ place: SchemaPlace, special: [String: [JSONTree]]) {
        self.init(place.shape)
        if let special = special[place.testDescription] { good = special }
    }

    private init(_ shape: ValueShape) {
        let mapping: JSONTree = ["nobody-knows": 1]
        switch shape {
        case .text(let pattern, _):
            (good, bad) = (
                pattern == nil ? ["text", 5] : [], [mapping, [], .null] + (pattern == nil ? [] : ["no fit "])
            )
        case .identifier: (good, bad) = (["a-9", 7], ["A", "a_b", "-a", mapping])
        case .integer(let range):
            let (low, high) = (range.lowerBound, range.upperBound)
            good = [.integer(Int64(low)), .integer(Int64(high)), .string("\(high)")]
            bad = ["x", 1.5, mapping]
            if low > .min { bad.append(.integer(Int64(low - 1))) }
            if high < .max { bad.append(.integer(Int64(high + 1))) }
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
        case .choice(let words):
            // Of a long list, such as the unit table, a few.
            let step = words.count > 20 ? words.count / 8 : 1
            good = stride(from: 0, to: words.count, by: step).map { .string(words[$0]) }
            bad = ["nobody-knows", mapping]
        case .localizedText: (good, bad) = (["text", ["nl": "tekst", "en": "text"]], [[1], ["Nederlands": "tekst"]])
        case .list(let item, let count):
            let samples = SchemaSamples(item)
            good = [.array(Array(samples.good.prefix(1)))].filter { $0 != [] || count.contains(0) }
            bad = ["text", .array(Array(samples.bad.prefix(1)))] + (count.contains(0) ? [] : [[]])
        case .section, .oneKey: (good, bad) = ([], ["text", [1]])
        case .entries(let pattern, _):
            (good, bad) = ([], ["text", [1]] + (pattern == nil ? [] : [["No fit": .object([])]]))
        case .nothing: (good, bad) = ([.null], [])
        case .either(let shapes):
            good = shapes.flatMap { SchemaSamples($0).good }
            bad = [[[1]]]
        case .scalar(let orNothing): (good, bad) = ([1.5, "text", true], [mapping, []] + (orNothing ? [] : [.null]))
        }
    }
}
