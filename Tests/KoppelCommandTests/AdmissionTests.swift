import Foundation
import Subprocess
import Testing

/// A plan that its bus cannot carry: refused before it runs, with ways out that hold.
@Suite(.timeLimit(.minutes(5)))
struct AdmissionTests {
    private static let slow = """
        koppel: 1
        agent: {id: box-1, location: {enterprise: acme, site: hengelo}, data: FOLDER/data}
        buses:
          hal-3: {url: "tcp://127.0.0.1:1"}
          meters: {url: "rtu:/dev/serial/by-id/none?baud=1200&format=8E1"}
        machines:
          press: {bus: hal-3, unit: 1, profile: eastron/sdm120, every: 10ms}
          meter-1: {bus: meters, unit: 1, profile: eastron/sdm120}
          meter-2: {bus: meters, unit: 2, profile: eastron/sdm120}
          meter-3: {bus: meters, unit: 3, profile: eastron/sdm120}

        """

    private func site(_ text: String, in folder: borrowing TemporaryFolder) throws -> String {
        try folder.write(text.replacing("FOLDER", with: folder.path), to: "koppel.yaml")
    }

    @Test func `P33, R16: a slow line with too many units is refused at its bus, with three ways out`() async throws {
        let folder = try TemporaryFolder()
        let outcome = try await Program.run("check", "--config", try site(Self.slow, in: folder))
        #expect(outcome.code == 78)
        try Golden.expect(outcome.output, is: "check-overloaded", replacing: folder.path)
    }

    @Test func `P33: a site file that follows a way out passes`() async throws {
        let folder = try TemporaryFolder()
        let refused = try await Program.run("check", "--config", try site(Self.slow, in: folder))
        #expect(refused.output.contains("Read nothing on this bus more often than every 10 s (now 1 s)"))
        #expect(refused.output.contains("Set the line and every unit on it to 19200 baud instead of 1200"))
        let slower = Self.slow.replacing("sdm120}", with: "sdm120, every: 10s}")
        let patient = try await Program.run("check", "--config", try site(slower, in: folder))
        #expect(patient.code == 0 && !patient.output.contains("buses.meters"), "\(patient.output)")
        let faster = Self.slow.replacing("1200", with: "19200")
        let quick = try await Program.run("check", "--config", try site(faster, in: folder))
        #expect(quick.code == 0 && !quick.output.contains("buses.meters"), "\(quick.output)")
    }

    @Test func `P33: an owner can accept a line that is asked too much`() async throws {
        let folder = try TemporaryFolder()
        let text = Self.slow.replacing("8E1\"}", with: "8E1\", admission: warn}")
        let outcome = try await Program.run("check", "--config", try site(text, in: folder))
        #expect(outcome.code == 0)
        #expect(outcome.output.contains(":5:3: warning: buses.meters: reading what is asked takes"))
    }

    @Test func `P33: what takes what is left of a bus is never too much`() async throws {
        let folder = try TemporaryFolder()
        let text = Self.slow.replacing("sdm120}", with: "sdm120, signals: {\"*\": {every: 0s}}}")
        let outcome = try await Program.run("check", "--config", try site(text, in: folder))
        #expect(outcome.code == 0)
        #expect(!outcome.output.contains("buses.meters"))
    }

    @Test func `P33: the agent does not start with a plan that cannot fit`() async throws {
        let folder = try TemporaryFolder()
        let outcome = try await Program.run("run", "--config", try site(Self.slow, in: folder))
        #expect(outcome.code == 78)
        #expect(outcome.errors.contains(":5:3: error: buses.meters: reading what is asked takes"))
        #expect(outcome.errors.contains("Each of these makes it fit:"))
    }

    @Test func `P33, A20: a reload with a plan that cannot fit keeps the old site file`() async throws {
        let folder = try TemporaryFolder()
        let path = try site(Self.slow.replacing("1200", with: "9600"), in: folder)
        let text = Self.slow.replacing("FOLDER", with: folder.path)
        let outcome = try await Subprocess.run(
            .name("env"), arguments: Arguments([Program.path, "run", "--config", path]), input: .none,
            output: .discarded, error: .sequence
        ) { execution in
            var isKept = false
            for try await line in execution.standardError.strings() {
                if line.contains("Running") {
                    try text.write(toFile: path, atomically: true, encoding: .utf8)
                    try execution.send(signal: .init(rawValue: SIGHUP))
                }
                if line.contains("the old one goes on") {
                    isKept = true
                    break
                }
            }
            await execution.teardown(using: [.gracefulShutDown(allowedDurationToNextStep: .seconds(10))])
            return isKept
        }
        #expect(outcome.closureResult)
        guard case .exited(0) = outcome.terminationStatus else {
            Issue.record("it ended with \(outcome.terminationStatus)")
            return
        }
    }

    @Test func `D11: no register, overlapping signals and requests above 125 registers are told by check`() async throws
    {
        let folder = try TemporaryFolder()
        func check(_ points: String, _ machine: String = "") async throws -> Program.Outcome {
            _ = try folder.write(
                """
                profile: acme-press
                version: 1.0.0
                manufacturer: Acme
                model: Press
                protocol: modbus
                addressing: zero-based
                defaults: {mostSignificantByte: true, mostSignificantWord: true, timeoutMs: 500, intervalMs: 1000}
                points: \(points)

                """, to: "press.yaml")
            let text = """
                koppel: 1
                agent: {id: box-1, location: {enterprise: acme, site: hengelo}}
                buses: {hal-3: {url: "tcp://127.0.0.1:1"}}
                machines: {press: {bus: hal-3, unit: 1, profile: ./press.yaml\(machine)}}

                """
            return try await Program.run("check", "--config", try folder.write(text, to: "koppel.yaml"))
        }
        func point(_ name: String, _ address: Int, _ more: String) -> String {
            "{signal: test/\(name), entity: HoldingRegister, address: \(address), \(more)}"
        }
        let number =
            "wireType: uint32, kind: measurement, quantityKind: "
            + "\"http://qudt.org/vocab/quantitykind/Dimensionless\", unit: {ucum: \"1\"}"
        let fine = try await check("[\(point("a", 0, number))]")
        #expect(fine.code == 0, "\(fine.output)")
        let none = try await check("[]")
        #expect(none.code == 78, "\(none.output)")
        let allOff = try await check("[\(point("a", 0, number))]", ", signals: {\"*\": off}")
        #expect(allOff.output.contains("machines.press"), "\(allOff.output)")
        let overlapping = try await check("[\(point("a", 0, number)), \(point("b", 1, number))]")
        #expect(overlapping.code == 78)
        #expect(overlapping.output.contains("overlaps `test/a` at data address 1"))
        let wide = try await check("[\(point("a", 0, "wireType: string, length: 126, kind: text"))]")
        #expect(wide.code == 78, "\(wide.output)")
    }
}
