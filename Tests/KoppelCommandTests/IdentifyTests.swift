import Foundation
import KoppelConfig
import KoppelCore
import Testing

@testable import koppel

/// What `koppel identify` proposes, and that it can be pasted.
@Suite(.timeLimit(.minutes(5)))
struct IdentifyTests {
    @Test func `P36: given words are ranked with a worked example and a point to paste`() async throws {
        let outcome = try await Program.run("identify", "--words", "17254,32768", "--expect", "200..260")
        #expect(outcome.code == 0)
        #expect(outcome.output.contains("words 4366 8000 of input 0 as float32 ABCD = 230.5"))
        try Golden.expect(outcome.output, is: "identify-words")
        let hex = try await Program.run("identify", "--words", "0x4366,0x8000", "--expect", "200..260")
        #expect(hex.output == outcome.output)
    }

    @Test func `an address may be hexadecimal, as in the manual`() async throws {
        let decimal = try await Program.run(
            "identify", "--words", "0x4366,0x8000", "--expect", "200..260", "--address", "4096")
        let hex = try await Program.run(
            "identify", "--words", "0x4366,0x8000", "--expect", "200..260", "--address", "0x1000")
        #expect(hex.code == 0)
        #expect(hex.output == decimal.output)
        let wrong = try await Program.run("identify", "--words", "0", "--expect", "0..1", "--address", "1000h")
        #expect(wrong.code == 64)
        let given = try await Program.run(
            "decode", "--profile", "eastron/sdm120", "--words", "input:0x46=4248,0000")
        #expect(given.code == 0)
        #expect(given.output.contains("electrical/frequency") && given.output.contains("50"))
    }

    @Test(arguments: ["0x4366,0x8000", "0x8000,0x4366", "0x0903", "0x0000,0x0903", "0x2305,0x0000"])
    func `P48: the proposed point loads as part of a profile, and nothing is written anywhere`(
        _ words: String
    ) async throws {
        struct Match: Decodable { var point: String }
        let outcome = try await Program.run(
            "identify", "--words", words, "--expect", "225..235", "--json", "--show", "20")
        #expect(outcome.code == 0, "\(outcome.errors)")
        let matches = try JSONDecoder().decode([Match].self, from: Data(outcome.output.utf8))
        let folder = try TemporaryFolder()
        for (number, match) in matches.enumerated() {
            let lines = match.point.replacing("group/name", with: "electrical/voltage").split(separator: "\n")
            let path = try folder.write(
                """
                profile: test-device
                version: 1.0.0
                manufacturer: Test
                model: Device
                protocol: modbus
                addressing: zero-based
                points:
                \(lines.map { "  \($0)" }.joined(separator: "\n"))

                """, to: "profile-\(number).yaml")
            let load = loadProfile(at: path, files: DiskFiles())
            #expect(load.profile != nil, "\(load.issues) \(match.point)")
        }
    }

    @Test func `between floats in a row the reading one register beside it is told, since it fits too`() throws {
        var sample = RegisterSample()
        // Three phases: 34.0, 37.9 and 35.2, most significant word first, as a table counted from 1 has them at 7.
        sample.add([0x4208, 0x172E, 0x4217, 0xB4B2, 0x420C, 0xCCCD], table: .holdingRegister, from: 6)
        let matches = RegisterIdentification(
            samples: [sample], readings: AddressReading.all(of: 7), expected: Band(low: 10, high: 60)
        ).matches
        let best = try #require(matches.first)
        let volt = try #require(UnitOfMeasure(ucum: "V"))
        let text = IdentifyText(matches: matches, total: matches.count, best: best, measures: volt).text(.plain)
        #expect(text.contains("of holding 6 as float32 ABCD = 34.02"))
        #expect(text.contains("One register beside it"))
    }

    @Test func `P39: a live address is tried as the manual may mean it, and the samples agree`() async throws {
        let serve = ["simulate", "--bus", "tcp://127.0.0.1:0", "--unit", "3", "--profile", "eastron/sdm120"]
        _ = try await Program.serving(serve) { lines in
            let word = lines.flatMap { $0.split(separator: " ") }.first { $0.hasPrefix("127.0.0.1:") }
            let outcome = try await Program.run(
                "identify", "--bus", "tcp://\(try #require(word))", "--unit", "3", "--address", "30071", "--expect",
                "49..51", "--samples", "2")
            #expect(outcome.code == 0, "\(outcome.errors)")
            #expect(outcome.output.contains("of input 70 as float32 ABCD"))
            #expect(outcome.output.contains("modicon"))
        }
    }
}
