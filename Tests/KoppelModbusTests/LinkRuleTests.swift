import KoppelCore
import KoppelModbus
import KoppelTestKit
import Synchronization
import Testing

/// Field rules of a bus over TCP, each with a peer that does just what the rule is about.
@Suite(.timeLimit(.minutes(5)))
struct LinkRuleTests {
    private final class Counter: Sendable {
        private let value = Atomic(0)
        var isZero: Bool { value.load(ordering: .relaxed) == 0 }
        func count() { value.add(1, ordering: .relaxed) }
    }

    private static func answer(_ request: [UInt8]) -> [UInt8] { ConnectionTests.answer(request) }
    private static let silent = ScriptedPeer.Script(answer: { _, _ in [] })
    private static let honest = ScriptedPeer.Script(answer: { request, _ in [.send(answer(request))] })

    private func withPeer<Result: Sendable>(
        _ script: ScriptedPeer.Script, timeout: Duration = .seconds(2), rtu: Bool = false,
        body: (ScriptedPeer, any ModbusLink) async throws -> Result
    ) async throws -> Result {
        try await ScriptedPeer(script).whileRunning { peer in
            let endpoint: BusEndpoint =
                rtu ? .rtuOverTCP(host: "127.0.0.1", port: peer.port) : .tcp(host: "127.0.0.1", port: peer.port)
            return try await withLink(endpoint, timeout: timeout) { try await body(peer, $0) }
        }
    }

    @Test(arguments: [false, true])
    func `P08: a timeout of 200 ms lasts 200 ms, and nothing is asked twice for it`(rtu: Bool) async throws {
        try await withPeer(Self.silent, rtu: rtu) { _, link in
            let error = await #expect(throws: BusError.self) {
                try await link.transact(request(0, 1), timeout: .milliseconds(200), pause: .zero)
            }
            #expect(error?.kind == .timeout)
            let elapsed = try #require(error?.elapsed)
            #expect(elapsed >= .milliseconds(200) && elapsed < .milliseconds(350))
        }
    }

    @Test func `P09: a peer that never stops talking ends a question at its deadline`() async throws {
        let script = ScriptedPeer.Script(answer: { request, _ in
            // A hundred answers to a question of long ago, over half a second.
            let old = [request[0] ^ 0x40] + Self.answer(request).dropFirst()
            return (0..<100).flatMap { _ in [.send(old), .wait(.milliseconds(5))] as [ScriptedPeer.Step] }
        })
        try await withPeer(script) { _, link in
            let begin = ContinuousClock.now
            let ending = try await link.ending(of: request(0, 1), timeout: .milliseconds(100))
            #expect(ending == .failed(.timeout) || ending == .failed(.badFrame(.transaction)))
            #expect(ContinuousClock.now - begin < .milliseconds(300))
        }
    }

    @Test(arguments: [false, true])
    func `P15, F03: two questions without an answer end the connection, and the third is asked on a new one`(
        rtu: Bool
    ) async throws {
        var script = ScriptedPeer.Script(answer: { request, connection in
            guard connection > 1 else { return [] }
            return [.send(rtu ? RTUFrames.answer(request) : Self.answer(request))]
        })
        script.requestLength = rtu ? 8 : 12
        try await withPeer(script, rtu: rtu) { peer, link in
            for asked in 1...2 {
                let ending = try await link.ending(of: request(UInt16(asked), 1), timeout: .milliseconds(60))
                #expect(ending == .failed(.timeout))
                #expect(peer.connections == 1)
            }
            // Another length, so that nothing has to be waited for on a line without transaction ids.
            let ending = try await link.ending(of: request(7, rtu ? 3 : 1), timeout: .seconds(2))
            #expect(ending == .words(rtu ? [7, 8, 9] : [7]))
            #expect(peer.connections == 2)
        }
    }

    @Test func `P16, F29: a device server that closes an idle connection costs no reading`() async throws {
        var script = ScriptedPeer.Script(answer: { request, _ in [.send(RTUFrames.answer(request)), .close] })
        script.requestLength = 8
        try await withPeer(script, rtu: true) { peer, link in
            for address in UInt16(1)...4 {
                let ending = try await link.ending(of: request(address, 1), timeout: .seconds(2))
                #expect(ending == .words([address]))
                // The end of the connection arrives meanwhile.
                try await ContinuousClock().sleep(for: .milliseconds(30))
            }
            #expect(peer.connections == 4)
        }
    }

    @Test func `P10, P11: buses that hang hold up no other bus, since each has its own thread and context`()
        async throws
    {
        try await withPeer(Self.silent, timeout: .seconds(5)) { silent, _ in
            try await withPeer(Self.honest) { _, link in
                let ended = Counter()
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<8 {
                        let hanging = try ModbusBus.link(
                            for: settings(.tcp(host: "127.0.0.1", port: silent.port)), clock: wallClock)
                        group.addTask {
                            try await hanging.open()
                            _ = try await hanging.ending(of: request(0, 1), timeout: .seconds(10))
                            ended.count()
                        }
                    }
                    for address in UInt16(0)..<30 {
                        let ending = try await link.ending(of: request(address, 1), timeout: .seconds(2))
                        #expect(ending == .words([address]))
                    }
                    #expect(ended.isZero)
                    group.cancelAll()
                    try await group.waitForAll()
                }
            }
        }
    }

    @Test func `P17, P18: any number of units and askers share one socket, with one question at a time`() async throws {
        let script = ScriptedPeer.Script(answer: { request, _ in
            [.wait(.milliseconds(2)), .send(Self.answer(request))]
        })
        try await withPeer(script) { peer, link in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for unit in UInt8(1)...10 {
                    group.addTask {
                        for address in UInt16(0)..<4 {
                            let ending = try await link.ending(
                                of: request(address, 1, unit: unit), timeout: .seconds(2))
                            #expect(ending == .words([address]))
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(peer.connections == 1)
            #expect(peer.overlaps == 0)
        }
    }

    @Test(arguments: [10, 11] as [UInt8])
    func `P18, F24: a gateway that calls a unit absent has answered, and its link goes on`(_ code: UInt8) async throws {
        let script = ScriptedPeer.Script(answer: { request, _ in
            guard request[6] == 2 else { return [.send(Self.answer(request))] }
            return [.send(Array(request[0..<2]) + [0, 0, 0, 3, 2, request[7] | 0x80, code])]
        })
        try await withPeer(script) { peer, link in
            for _ in 0..<4 {
                let absent = try await link.ending(of: request(0, 1, unit: 2), timeout: .seconds(2))
                #expect(absent == .exception(code))
                let present = try await link.ending(of: request(3, 1), timeout: .seconds(2))
                #expect(present == .words([3]))
            }
            #expect(peer.connections == 1)
        }
    }

    @Test func `P20: the wrong framing is an error at the deadline, and the right one answers`() async throws {
        let places: [ModbusServer.Place] = [
            .tcp(host: "127.0.0.1", port: 0), .rtuOverTCP(host: "127.0.0.1", port: 0),
        ]
        for (index, place) in places.enumerated() {
            let server = try ModbusServer(place, units: [UnitID(1)], values: ModbusLinkConformance.values)
            try await withServer(server) { server in
                let port = try #require(server.port)
                let tcp = BusEndpoint.tcp(host: "127.0.0.1", port: port)
                let rtu = BusEndpoint.rtuOverTCP(host: "127.0.0.1", port: port)
                let begin = ContinuousClock.now
                try await withLink(index == 0 ? rtu : tcp) { link in
                    guard case .failed(let kind) = try await link.ending(of: request(1, 1)) else {
                        Issue.record("an answer in the wrong framing was believed")
                        return
                    }
                    #expect([.timeout, .refused].contains(kind))
                }
                #expect(ContinuousClock.now - begin < .seconds(1))
                try await withLink(index == 0 ? tcp : rtu, timeout: .seconds(2)) { link in
                    let ending = try await link.ending(of: request(1, 1), timeout: .seconds(2))
                    #expect(ending == .words([1_001]))
                }
            }
        }
    }

    @Test(arguments: [0, 1, 247, 248, 255] as [UInt8])
    func `P25: on TCP every unit id is asked as it is`(_ unit: UInt8) async throws {
        let script = ScriptedPeer.Script(answer: { request, _ in
            request[6] == unit ? [.send(Self.answer(request))] : []
        })
        try await withPeer(script) { _, link in
            let ending = try await link.ending(of: request(5, 1, unit: unit), timeout: .seconds(2))
            #expect(ending == .words([5]))
        }
    }

    @Test func `P35: a failure says which bus, unit, function and range, what came, after how long, and what to do`()
        async throws
    {
        let foreign = ScriptedPeer.Script(answer: { request, _ in
            var frame = Self.answer(request)
            frame[6] ^= 1
            return [.send(frame)]
        })
        let hangingUp = ScriptedPeer.Script(answer: { request, _ in
            request[1] == 1 ? [.send(Self.answer(request))] : [.reset]
        })
        let vectors: [(script: ScriptedPeer.Script, text: String, next: String)] = [
            (Self.silent, "no answer after", "Check power, wiring"),
            (foreign, "it comes from another unit", "Check for a second master"),
            (hangingUp, "errno 104", "It is opened again by itself"),
            (.init(answer: { _, _ in [.close] }), "connection refused", "whether another master"),
        ]
        for vector in vectors {
            try await withPeer(vector.script) { _, link in
                _ = try await link.ending(of: request(0, 1), timeout: .milliseconds(150))
                let error = await #expect(throws: BusError.self) {
                    try await link.open()
                    _ = try await link.transact(
                        request(5, 2, table: .inputRegister), timeout: .milliseconds(150), pause: .zero)
                }
                let text = try #require(error?.description)
                for part in ["bus bus-1, unit 1, function 4, input 5 to 6: ", " ms", vector.text, vector.next] {
                    #expect(text.contains(part), "\(part) is missing in: \(text)")
                }
                #expect(text.contains(/after \d+ ms/))
            }
        }
    }
}

/// RTU frames made without the code under test.
enum RTUFrames {
    static func withChecksum(_ bytes: [UInt8]) -> [UInt8] {
        var sum: UInt16 = 0xFFFF
        for byte in bytes {
            sum ^= UInt16(byte)
            for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xA001 : sum >> 1 }
        }
        return bytes + [UInt8(sum & 0xFF), UInt8(sum >> 8)]
    }

    /// The answer to a read of registers, each of which holds its own address.
    static func answer(_ request: [UInt8]) -> [UInt8] {
        let (start, count) = (Int(request[2]) << 8 | Int(request[3]), Int(request[4]) << 8 | Int(request[5]))
        let data = (start..<start + count).flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
        return withChecksum([request[0], request[1], UInt8(2 * count)] + data)
    }
}
