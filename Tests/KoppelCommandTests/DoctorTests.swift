import Foundation
import KoppelAgent
import KoppelCore
import KoppelTestKit
import Testing

/// Each diagnosis on the faulty device it is for.
@Suite(
    .timeLimit(.minutes(5)), .serialized,
    .enabled(if: SharedFolder.has("faults/modbus_chaos.py"), "the fault tools beside the package are missing"))
struct DoctorTests {
    struct Fault: CustomTestStringConvertible, Sendable {
        var rule: String
        /// What the device is told; empty for a good one.
        var command = ""
        var units = "1"
        var sweep: [UInt8] = [2, 3]
        var cause: BusFinding.Cause

        var testDescription: String { "\(rule): \(command.isEmpty ? "units \(units)" : command) is \(cause.rawValue)" }
    }

    private func causes(
        _ endpoint: BusEndpoint, unit: UInt8 = 1, sweep: [UInt8] = [2, 3]
    ) async throws -> (findings: [BusFinding], seen: BusObservations) {
        let bus = BusSettings(
            id: try #require(Identifier("bus")), endpoint: endpoint, timeout: .milliseconds(300))
        let examination = BusExamination(
            bus: bus,
            options: .init(
                unit: UnitID(unit), sweep: sweep.map { UnitID($0) }, listening: .milliseconds(400),
                timeout: .milliseconds(300)))
        let seen = await examination.run { _ in }
        #expect(seen.requests <= examination.preview.requests, "it never asks more than it said")
        return (BusDiagnosis(seen).findings, seen)
    }

    @Test(arguments: [
        Fault(rule: "P26", cause: .healthy),
        Fault(rule: "R09", command: "second_master every_ms=60 for=30", cause: .secondMaster),
        Fault(rule: "R09", command: "fault foreign", cause: .secondMaster),
        Fault(rule: "R06", command: "fault wrong_unit", cause: .answersAsAnother),
        Fault(rule: "R06", command: "fault duplicate", cause: .duplicateUnit),
        Fault(rule: "R06", command: "fault bit_flip", cause: .duplicateUnit),
        Fault(rule: "R05", command: "fault echo", cause: .localEcho),
        Fault(rule: "R04", command: "noise every_ms=50 for=30", cause: .noise),
        Fault(rule: "P26", units: "3", cause: .wrongUnit),
    ])
    func `a faulty serial line is diagnosed`(_ fault: Fault) async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/tty"
        try await ChaosDevice.serve(["--rtu", path, "--units", fault.units]) { device in
            if !fault.command.isEmpty { try await device.tell(fault.command) }
            let line = SerialLine(baud: 19_200, parity: .none)
            let (findings, seen) = try await causes(.rtu(device: path, line: line), sweep: fault.sweep)
            #expect(findings.first?.cause == fault.cause, "\(findings) \(seen)")
            if fault.cause == .secondMaster {
                #expect(seen.sweep.isEmpty && seen.otherLines.isEmpty, "P27: no search on a bus in use")
            }
        }
    }

    @Test(arguments: [
        Fault(rule: "P26", cause: .healthy),
        Fault(rule: "F02", command: "refuse for=30", cause: .portClosed),
        Fault(rule: "F01", command: "blackhole for=30", cause: .hostSilent),
        Fault(rule: "F03", command: "halfopen scope=all for=30", cause: .acceptsButSilent),
        Fault(rule: "F10", command: "fault disconnect", cause: .hangsUp),
    ])
    func `a faulty TCP device is diagnosed`(_ fault: Fault) async throws {
        try await ChaosDevice.serve(["--tcp", "127.0.0.1:0", "--units", fault.units]) { device in
            if !fault.command.isEmpty { try await device.tell(fault.command) }
            let (findings, seen) = try await causes(.tcp(host: "127.0.0.1", port: device.port), sweep: fault.sweep)
            #expect(findings.first?.cause == fault.cause, "\(findings) \(seen)")
        }
    }

    @Test func `P20: Modbus TCP where the url says RTU frames is told, with the url to write`() async throws {
        try await ChaosDevice.serve(["--tcp", "127.0.0.1:0"]) { device in
            let (findings, _) = try await causes(.rtuOverTCP(host: "127.0.0.1", port: device.port))
            #expect(findings.first?.cause == .wrongFraming)
            #expect(findings.first?.advice.contains("tcp://") == true)
        }
    }

    @Test func `P20: RTU frames behind a TCP url are told, with the url to write`() async throws {
        let bus = try #require(Identifier("server"))
        let profile = DeviceProfile(
            id: bus, version: "1.0.0", manufacturer: "Test", model: "Meter",
            points: [
                Point(
                    signal: try #require(SignalName("electrical/voltage")), table: .holdingRegister, address: 0,
                    wire: .uint16, kind: .measurement, unit: UnitOfMeasure(ucum: "V"))
            ])
        let machine = MachineSettings(
            id: bus, bus: bus, unit: UnitID(1), profile: profile, location: [],
            nameplate: Nameplate(manufacturer: "Test", model: "Meter"), points: profile.points)
        let factory = try SimulatedFactory(
            buses: [BusSettings(id: bus, endpoint: .rtuOverTCP(host: "127.0.0.1", port: 0))], machines: [machine])
        guard case .rtuOverTCP(let host, let port, _)? = factory.served.first?.endpoint else {
            Issue.record("the simulation does not serve RTU frames")
            return
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await factory.run() }
            let (findings, seen) = try await causes(.tcp(host: host, port: port))
            #expect(findings.first?.cause == .wrongFraming, "\(seen)")
            #expect(findings.first?.advice.contains("rtu+tcp://") == true)
            group.cancelAll()
        }
    }

    @Test func `R01: a device at another rate is found, with the settings to write`() async throws {
        let line = try PtyPair()
        let device = ScriptedDevice(line) { question, baud in
            // At a wrong rate a device hears no frame, and what it would say is no frame either.
            baud == 38_400 ? ScriptedDevice.answer(to: question, word: 230) : []
        }
        let (findings, seen) = try await device.whileServing {
            try await causes(.rtu(device: line.farPath, line: SerialLine(baud: 9_600, parity: .none)), sweep: [])
        }
        #expect(findings.first?.cause == .wrongLineSettings, "\(seen)")
        #expect(findings.first?.advice.contains("?baud=38400&format=8N1") == true)
    }

    @Test func `R01: a line on which nobody is connected is told after a bounded search`() async throws {
        let line = try PtyPair()
        let device = ScriptedDevice(line) { _, _ in [] }
        let (findings, _) = try await device.whileServing {
            try await causes(.rtu(device: line.farPath, line: SerialLine(baud: 9_600, parity: .none)), sweep: [2])
        }
        #expect(findings.map(\.cause) == [.nothingAnswers])
    }

    @Test func `R06: two devices that both answer as one unit are told from a device that answers`() async throws {
        let line = try PtyPair()
        let device = ScriptedDevice(line) { question, _ in
            ScriptedDevice.answer(to: question, word: 230) + ScriptedDevice.answer(to: question, word: 17)
        }
        let (findings, _) = try await device.whileServing {
            try await causes(.rtu(device: line.farPath, line: SerialLine(baud: 19_200, parity: .none)))
        }
        #expect(findings.first?.cause == .duplicateUnit)
        #expect(findings.first?.certainty == .certain)
    }

    @Test func `the command tells its limit, the finding and the next step, and ends with 1`() async throws {
        let outcome = try await Program.run("doctor", "--bus", "rtu:/dev/koppel-none", "--unit", "1")
        #expect(outcome.code == 1)
        try Golden.expect(outcome.output + outcome.errors, is: "doctor-no-port")
        let json = try await Program.run("doctor", "--bus", "rtu:/dev/koppel-none", "--json")
        #expect(json.output.contains(#""cause" : "port-missing""#))
        let preview = try await Program.run("doctor", "--bus", "rtu:/dev/koppel-none", "--preview")
        #expect(preview.code == 0)
        #expect(preview.output.hasPrefix("At most 3"))
    }
}
