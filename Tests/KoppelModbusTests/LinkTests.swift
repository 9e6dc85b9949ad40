import KoppelCore
import KoppelModbus
import KoppelTestKit
import Testing

@Suite(.timeLimit(.minutes(5)))
struct LinkTests {
    static let line = SerialLine(baud: 19_200, parity: .none)

    @Test func `Modbus TCP against libmodbus`() async throws {
        let server = try ModbusServer(
            .tcp(host: "127.0.0.1", port: 0), units: [UnitID(1), UnitID(2)], values: ModbusLinkConformance.values)
        try await withServer(server) { server in
            try await withLink(.tcp(host: "127.0.0.1", port: try #require(server.port))) { link in
                try await ModbusLinkConformance(link: link, absentUnit: .exception(11), timeout: .seconds(1)).check()
            }
        }
    }

    @Test func `Modbus TCP by name and over IPv6`() async throws {
        let server = try ModbusServer(
            .tcp(host: "::1", port: 0), units: [UnitID(1)], values: ModbusLinkConformance.values)
        try await withServer(server) { server in
            try await withLink(.tcp(host: "::1", port: try #require(server.port))) { link in
                let ending = try await link.ending(of: request(1, 1))
                #expect(ending == .words([1_001]))
            }
        }
        let second = try ModbusServer(
            .tcp(host: "127.0.0.1", port: 0), units: [UnitID(1)], values: ModbusLinkConformance.values)
        try await withServer(second) { server in
            try await withLink(.tcp(host: "localhost", port: try #require(server.port)), timeout: .seconds(2)) { link in
                let ending = try await link.ending(of: request(1, 1))
                #expect(ending == .words([1_001]))
            }
        }
    }

    @Test func `Modbus RTU against libmodbus`() async throws {
        let terminal = try PseudoTerminal()
        let server = try ModbusServer(
            .terminal(terminal, line: Self.line), units: [UnitID(1), UnitID(2)], values: ModbusLinkConformance.values)
        try await withServer(server) { _ in
            try await withLink(.rtu(device: terminal.path, line: Self.line)) { link in
                try await ModbusLinkConformance(
                    link: link, absentUnit: .failed(.timeout), timeout: .milliseconds(300)
                ).check()
            }
        }
    }

    @Test func `RTU inside TCP against our own server, which needs no silence between frames`() async throws {
        let server = try ModbusServer(
            .rtuOverTCP(host: "127.0.0.1", port: 0), units: [UnitID(1), UnitID(2)],
            values: ModbusLinkConformance.values)
        try await withServer(server) { server in
            try await withLink(.rtuOverTCP(host: "127.0.0.1", port: try #require(server.port))) { link in
                try await ModbusLinkConformance(
                    link: link, absentUnit: .failed(.timeout), timeout: .milliseconds(300)
                ).check()
            }
        }
    }

    @Test func `F02: a closed port is refused at once, with what to check`() async throws {
        // Bound and closed again, so nobody listens on it now.
        let port = try #require(
            try ModbusServer(.tcp(host: "127.0.0.1", port: 0), units: [], values: ModbusLinkConformance.values).port)
        let link = try ModbusBus.link(for: settings(.tcp(host: "127.0.0.1", port: port)), clock: wallClock)
        let error = await #expect(throws: BusError.self) { try await link.open() }
        #expect(error?.kind == .refused)
        #expect(error.map { $0.elapsed < .milliseconds(250) } == true)
        #expect(error?.description.contains("connection refused") == true)
    }

    @Test func `F30: a name that does not resolve is told within the deadline`() async throws {
        let link = try ModbusBus.link(for: settings(.tcp(host: "no-such-host.invalid", port: 502)), clock: wallClock)
        let begin = ContinuousClock.now
        let error = await #expect(throws: BusError.self) { try await link.open() }
        #expect(error?.kind == .unknownHost)
        #expect(ContinuousClock.now - begin < .seconds(2))
    }

    @Test func `a rate libmodbus does not know is told and not turned into 9600`() async throws {
        let line = SerialLine(baud: 14_400)
        let error = #expect(throws: BusError.self) {
            try ModbusBus.link(for: settings(.rtu(device: "/dev/null", line: line)), clock: wallClock)
        }
        guard case .unusable(let sentence) = error?.kind else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(sentence.hasPrefix("14400 baud is not supported"))
    }

    @Test(arguments: SerialLine.supportedBaudRates)
    func `every supported rate is really set`(_ baud: Int) async throws {
        let pair = try PtyPair()
        try await withLink(.rtu(device: pair.farPath, line: SerialLine(baud: baud))) { _ in }
    }

    @Test func `R14: a serial port that is in use is refused, and free after closing`() async throws {
        let pair = try PtyPair()
        let endpoint = BusEndpoint.rtu(device: pair.farPath, line: Self.line)
        let second = try ModbusBus.link(for: settings(endpoint), clock: wallClock)
        try await withLink(endpoint) { _ in
            let error = await #expect(throws: BusError.self) { try await second.open() }
            #expect(error?.kind == .portInUse(by: "another bus or program"))
        }
        try await second.open()
        await second.close()
    }

    @Test func `R15: a port that is missing is waited for, a path that is no port is not`() async throws {
        let missing = try ModbusBus.link(
            for: settings(.rtu(device: "/dev/serial/by-id/none", line: Self.line)), clock: wallClock)
        let error = await #expect(throws: BusError.self) { try await missing.open() }
        #expect(error?.kind == .linkDown(errno: 2))
        let nonsense = try ModbusBus.link(for: settings(.rtu(device: "/dev/null", line: Self.line)), clock: wallClock)
        #expect(await #expect(throws: BusError.self) { try await nonsense.open() }?.recovery == .giveUp)
    }

    @Test func `P04: the line is silent for 3.5 characters between frames`() async throws {
        let slow = SerialLine(baud: 300, parity: .none)  // 3.5 characters are 117 ms
        let terminal = try PseudoTerminal()
        let server = try ModbusServer(
            .terminal(terminal, line: Self.line), units: [UnitID(1)], values: ModbusLinkConformance.values)
        try await withServer(server) { _ in
            try await withLink(.rtu(device: terminal.path, line: slow)) { link in
                let begin = ContinuousClock.now
                for _ in 0..<3 {
                    let ending = try await link.ending(of: request(1, 1))
                    #expect(ending == .words([1_001]))
                }
                #expect(ContinuousClock.now - begin >= slow.frameSilence * 3)
            }
        }
    }
}
