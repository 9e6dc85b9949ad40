import Foundation
import KoppelConfig
import KoppelCore
import Testing

@Suite(.timeLimit(.minutes(5)))
struct DecodeTests {
    struct Recorded: CustomTestStringConvertible, Sendable {
        var profile: String
        var vector: VectorsFile.Vector
        var testDescription: String { "\(profile): \(vector.name)" }

        private static let library: [Recorded] = ProfileLibrary(folders: [Repository.devices], files: DiskFiles())
            .list()
            .flatMap { entry in
                let path = entry.path.replacing(".yaml", with: ".vectors.yaml")
                return (loadVectors(at: path, files: DiskFiles()).vectors?.vectors ?? [])
                    .map { Recorded(profile: entry.id, vector: $0) }
            }

        /// The first of each profile, and one for each reason there is: every run is a process of its own, and that all
        /// vectors decode to what they say is tested with the profiles.
        static let chosen: [Recorded] = {
            var seen: Set<String> = []
            return library.filter { recorded in
                let reasons = recorded.vector.expectations.values.compactMap(\.reason)
                let news = Set([recorded.profile] + reasons).subtracting(seen)
                seen.formUnion(news)
                return !news.isEmpty
            }
        }()
    }

    private struct Row: Decodable {
        enum Value: Decodable {
            case bool(Bool), number(Double), text(String), null

            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                if container.decodeNil() {
                    self = .null
                } else if let value = try? container.decode(Bool.self) {  // another kind is tried next
                    self = .bool(value)
                } else if let value = try? container.decode(Double.self) {  // another kind is tried next
                    self = .number(value)
                } else {
                    self = .text(try container.decode(String.self))
                }
            }
        }

        var signal: String
        var value: Value
        var unit: String?
        var quality: String
        var reason: String?
    }

    @Test(arguments: Recorded.chosen)
    func `a recorded vector decodes to what it says`(_ recorded: Recorded) async throws {
        var arguments = ["decode", "--profile", recorded.profile, "--json"]
        for (table, runs) in recorded.vector.words {
            for (start, words) in runs {
                let text = words.map { table.isBits ? "\($0)" : String($0, radix: 16) }.joined(separator: ",")
                arguments += ["--words", "\(table.name):\(start)=\(text)"]
            }
        }
        let outcome = try await Program.run(arguments)
        let rows = try JSONDecoder().decode([Row].self, from: Data(outcome.output.utf8))
        for (signal, expectation) in recorded.vector.expectations {
            let row = try #require(rows.first { $0.signal == signal.description })
            #expect(row.quality == expectation.quality.name, "\(signal)")
            #expect(row.reason == expectation.reason, "\(signal)")
            if let unit = expectation.unit { #expect(row.unit == unit, "\(signal)") }
            #expect(isSame(row.value, expectation.value), "\(signal): \(row.value) is not \(expectation.value)")
        }
    }

    private func isSame(_ value: Row.Value, _ expected: VectorsFile.ExpectedValue) -> Bool {
        switch (value, expected) {
        case (.null, .none): true
        case (.bool(let value), .bool(let expected)): value == expected
        case (.number(let value), .number(let expected)): value == Double(expected) || Float(value) == Float(expected)
        case (.text(let value), .number(let expected)): value == expected
        case (.text(let value), .text(let expected)): value == expected
        default: false
        }
    }

    @Test func `the document has exactly five keys, and null where nothing is`() async throws {
        let outcome = try await Program.run(
            "decode", "--profile", "eastron/sdm120", "--words", "input:0=4366,8000", "--words", "input:6=7FC0,0000",
            "--json")
        #expect(outcome.code == 0)
        try Golden.expect(outcome.output, is: "decode-json")
    }

    @Test func `integers beyond 2^53 - 1 are strings`() async throws {
        let folder = try TemporaryFolder()
        let point = """
            entity: HoldingRegister, kind: measurement, label: {nl: Breed, en: Wide}, unit: {ucum: "1"}, \
            quantityKind: http://qudt.org/vocab/quantitykind/Dimensionless
            """
        let profile = try folder.write(
            """
            profile: acme-wide
            version: 1.0.0
            manufacturer: Acme
            model: Wide
            protocol: modbus
            addressing: zero-based
            points:
              - {signal: wide/exact, address: 0, wireType: uint64, \(point)}
              - {signal: wide/beyond, address: 4, wireType: uint64, \(point)}
              - {signal: wide/negative, address: 8, wireType: int64, \(point)}

            """, to: "wide.yaml")
        let outcome = try await Program.run(
            "decode", "--profile", profile, "--json", "--words", "holding:0=001F,FFFF,FFFF,FFFF", "--words",
            "holding:4=FFFF,FFFF,FFFF,FFFF", "--words", "holding:8=8000,0,0,0")
        #expect(outcome.code == 0)
        #expect(outcome.output.contains("\"value\" : 9007199254740991"))
        #expect(outcome.output.contains("\"value\" : \"18446744073709551615\""))
        #expect(outcome.output.contains("\"value\" : \"-9223372036854775808\""))
    }

    @Test func `a table for people names quality and reason`() async throws {
        let outcome = try await Program.run(
            "decode", "--profile", "eastron/sdm120", "--words", "input:0=0x4366,0x8000", "--words", "input:6=7FC0,0")
        #expect(outcome.code == 0)
        try Golden.expect(outcome.output, is: "decode-table")
    }
}
