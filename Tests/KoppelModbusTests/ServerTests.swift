import KoppelCore
import KoppelModbus
import KoppelTestKit
import Testing

@Suite(.timeLimit(.minutes(5)))
struct ServerTests {
    private func server() throws -> ModbusServer {
        try ModbusServer(
            .tcp(host: "127.0.0.1", port: 0), units: [UnitID(1), UnitID(2)], values: ModbusLinkConformance.values)
    }

    @Test func `many clients at once each get their own answers`() async throws {
        try await withServer(server()) { server in
            let port = try #require(server.port)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for client in 0..<8 {
                    group.addTask {
                        try await withLink(.tcp(host: "127.0.0.1", port: port), timeout: .seconds(5)) { link in
                            for round in 0..<50 {
                                let start = UInt16(client * 50 + round)
                                let ending = try await link.ending(of: request(start, 1), timeout: .seconds(5))
                                #expect(ending == .words([1_000 + start]))
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func `the client beyond the bound is disconnected, and welcome when another has left`() async throws {
        try await withServer(server()) { server in
            let endpoint = BusEndpoint.tcp(host: "127.0.0.1", port: try #require(server.port))
            var links: [any ModbusLink] = []
            for _ in 0..<ModbusServer.maximumClients {
                let link = try ModbusBus.link(for: settings(endpoint), clock: wallClock)
                try await link.open()
                #expect(try await link.ending(of: request(1, 1)) == .words([1_001]))
                links.append(link)
            }
            let extra = try ModbusBus.link(for: settings(endpoint), clock: wallClock)
            try await extra.open()
            #expect(try await extra.ending(of: request(1, 1)) == .failed(.refused))
            await links[0].close()
            try await extra.open()
            #expect(try await extra.ending(of: request(1, 1)) == .words([1_001]))
            for link in links + [extra] { await link.close() }
        }
    }

    @Test func `stopping ends the run and closes the port`() async throws {
        try await withServer(server()) { _ in }
        let cancelled = try self.server()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await cancelled.run() }
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    @Test func `a port that is taken is told`() async throws {
        let server = try server()
        let port = try #require(server.port)
        let error = #expect(throws: BusError.self) {
            try ModbusServer(.tcp(host: "127.0.0.1", port: port), units: [], values: ModbusLinkConformance.values)
        }
        #expect(error?.kind == .linkDown(errno: 98))
    }

    struct RawVector: CustomTestStringConvertible {
        let testDescription: String
        let request: [UInt8]
        let answer: [UInt8]
    }

    @Test(arguments: [
        RawVector(
            testDescription: "X04: write single register", request: [0, 7, 0, 0, 0, 6, 1, 6, 0, 0, 0, 1],
            answer: [0, 7, 0, 0, 0, 3, 1, 0x86, 1]),
        RawVector(
            testDescription: "X04: write several registers",
            request: [0, 8, 0, 0, 0, 9, 1, 16, 0, 0, 0, 1, 2, 0, 5], answer: [0, 8, 0, 0, 0, 3, 1, 0x90, 1]),
        RawVector(
            testDescription: "an unknown function", request: [0, 9, 0, 0, 0, 4, 1, 0x2B, 0x0E, 1],
            answer: [0, 9, 0, 0, 0, 3, 1, 0xAB, 1]),
        RawVector(
            testDescription: "no registers at all", request: [0, 1, 0, 0, 0, 6, 1, 3, 0, 0, 0, 0],
            answer: [0, 1, 0, 0, 0, 3, 1, 0x83, 3]),
        RawVector(
            testDescription: "126 registers", request: [0, 1, 0, 0, 0, 6, 1, 3, 0, 0, 0, 126],
            answer: [0, 1, 0, 0, 0, 3, 1, 0x83, 3]),
        RawVector(
            testDescription: "ten coils", request: [1, 2, 0, 0, 0, 6, 2, 1, 0, 0, 0, 10],
            answer: [1, 2, 0, 0, 0, 5, 2, 1, 2, 0x49, 0x02]),
    ])
    func `a request as bytes gets exactly these bytes`(_ vector: RawVector) async throws {
        try await withServer(server()) { server in
            let client = try RawClient(port: try #require(server.port))
            for _ in 0..<2 {
                let answer = try await client.ask(vector.request, expecting: vector.answer.count)
                #expect(answer == vector.answer)
            }
        }
    }
}
