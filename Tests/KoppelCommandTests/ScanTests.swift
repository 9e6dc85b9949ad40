import Foundation
import KoppelAgent
import KoppelCore
import KoppelTestKit
import Testing

/// Who is on a bus, asked over the real link.
@Suite(.timeLimit(.minutes(5)))
struct ScanTests {
    private struct Scan: Decodable {
        struct Fit: Decodable { var profile: String }
        struct Unit: Decodable {
            var unit: Int
            var exception: Int?
            var words: [UInt16]?
            var profiles: [Fit]
        }
        struct Line: Decodable {
            var line: String
            var requests: Int
            var units: [Unit]
            var absent: [Int]
            var silent: [Int]
        }
        var lines: [Line]
    }

    private func scan(_ arguments: String...) async throws -> (code: Int32, scan: Scan) {
        let outcome = try await Program.run(["scan", "--json"] + arguments)
        return (outcome.code, try JSONDecoder().decode(Scan.self, from: Data(outcome.output.utf8)))
    }

    @Test func `a scan of a serial line finds the units, their answer and the profiles that look right`() async throws {
        let folder = try TemporaryFolder()
        let url = "rtu:\(folder.path)/line?baud=115200&format=8N1"
        let site = try folder.write(
            """
            koppel: 1
            agent: {id: box-1, location: {enterprise: acme, site: hengelo}}
            buses: {line: {url: "\(url)"}}
            machines:
              small: {bus: line, unit: 2, profile: eastron/sdm120, simulated: true}
              other: {bus: line, unit: 4, profile: schneider/iem3155, simulated: true}

            """, to: "koppel.yaml")
        _ = try await Program.serving(["simulate", "--config", site]) { _ in
            let (code, scan) = try await scan("--bus", url, "--units", "1-4", "--timeout", "150")
            #expect(code == 0)
            let line = try #require(scan.lines.first)
            #expect(line.units.map(\.unit) == [2, 4])
            #expect(line.silent == [1, 3])
            #expect(line.units.map { $0.profiles.first?.profile } == ["eastron/sdm120", "schneider/iem3155"])
            #expect(line.units.allSatisfy { $0.exception == 2 }, "an exception is an answer")
            let text = try await Program.run(
                "scan", "--bus", url, "--units", "2", "--timeout", "150", "--formats", "8N1,8E1")
            #expect(text.code == 0)
            #expect(text.output.contains("eastron/sdm120 (voltage 2"))
            #expect(text.output.contains("115200 8E1"))
            #expect(text.errors.hasPrefix("Asking 1 unit on each of 2 line settings takes "))
        }
    }

    @Test func `P27: the bus time is told before, and a smaller share of it takes longer`() async throws {
        let line = BusSettings(
            id: try #require(Identifier("line")), endpoint: .rtu(device: "/dev/null", line: SerialLine()),
            timeout: .milliseconds(300))
        let all = UnitScan.preview(bus: line, units: 32, share: 1)
        let tenth = UnitScan.preview(bus: line, units: 32, share: 0.1)
        #expect(all.most > .milliseconds(32 * 300) && all.least < all.most)
        #expect(tenth.most > all.most * 9.9 && tenth.most < all.most * 10.1)
        let outcome = try await Program.run(
            "scan", "--bus", "rtu:/dev/koppel-none", "--units", "1-10", "--share", "50", "--preview")
        #expect(outcome.code == 0, "nothing is opened")
        #expect(outcome.output.hasPrefix("Asking 10 units takes "))
        #expect(outcome.output.contains("at 50 % of the bus time"))
    }

    @Test(.enabled(if: SharedFolder.has("faults/modbus_chaos.py"), "the fault tools beside the package are missing"))
    func `P27: a scan only reads, asks each unit once, and takes a gateway's word for who is absent`() async throws {
        try await ChaosDevice.serve(["--tcp", "127.0.0.1:0", "--units", "1-3"]) { device in
            try await device.tell("fault exception code=11 unit=2")
            try await device.tell("fault exception code=10 unit=3")
            let (code, scan) = try await scan(
                "--bus", "tcp://127.0.0.1:\(device.port)", "--units", "1-3", "--timeout", "200", "--no-fits")
            #expect(code == 0)
            let line = try #require(scan.lines.first)
            #expect(line.units.map(\.unit) == [1])
            #expect(line.absent == [2, 3])
            #expect(line.requests == 3)
            let stats = try await device.tell("stats")
            #expect(stats.contains(#""writes": 0"#), "\(stats)")
        }
    }

    @Test(.enabled(if: SharedFolder.has("faults/modbus_chaos.py"), "the fault tools beside the package are missing"))
    func `P27: a unit that is silent to what it lacks is not asked for every profile of the library`() async throws {
        try await ChaosDevice.serve(["--tcp", "127.0.0.1:0", "--units", "1"]) { device in
            try await device.tell("fault ok unit=1 count=1")
            try await device.tell("fault drop unit=1")
            let (code, scan) = try await scan(
                "--bus", "tcp://127.0.0.1:\(device.port)", "--units", "1", "--timeout", "50")
            #expect(code == 0)
            #expect(scan.lines.first?.units.map(\.unit) == [1])
            #expect(scan.lines.first?.requests == 1 + UnitScan.mostUnansweredReads)
        }
    }

    @Test(.enabled(if: SharedFolder.has("faults/modbus_chaos.py"), "the fault tools beside the package are missing"))
    func `P26: nobody at these unit ids ends a scan with 1 and names the doctor`() async throws {
        try await ChaosDevice.serve(["--tcp", "127.0.0.1:0", "--units", "9"]) { device in
            try await device.tell("fault drop unit=9")
            let outcome = try await Program.run(
                "scan", "--bus", "tcp://127.0.0.1:\(device.port)", "--units", "9", "--timeout", "300")
            #expect(outcome.code == 1)
            #expect(outcome.output.contains("koppel doctor --bus tcp://127.0.0.1"))
        }
    }
}
