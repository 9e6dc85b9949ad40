import CLibmodbus
import Foundation
import Glibc
import KoppelCore
import KoppelExecutor
import KoppelTestKit
import Testing

@testable import KoppelModbus

/// What the library does, where our code depends on it. A test that fails here means that a newer libmodbus behaves
/// better, and that something of ours can go.
@Suite(.timeLimit(.minutes(5)))
struct LibmodbusFactsTests {
    @Test func `fact 4: raw requests on TCP carry transaction id 0, so late answers could not be told apart`() throws {
        let server = try LibmodbusHandle.tcp(address: "127.0.0.1", port: 0)
        let listener = Int32(server.listen(backlog: 1).value)
        defer { close(listener) }
        let port = UInt16(clamping: koppelLocalPort(listener))
        let client = try LibmodbusHandle.tcp(address: "127.0.0.1", port: port)
        try client.connect(timeout: .seconds(1))
        let accepted = accept(listener, nil, nil)
        defer { close(accepted) }
        let request: [UInt8] = [1, 3, 0, 0, 0, 2]
        for _ in 0..<2 {
            #expect(send(request, with: client) == 12)
            var frame = [UInt8](repeating: 9, count: 12)
            #expect(recv(accepted, &frame, 12, Int32(MSG_WAITALL)) == 12)
            #expect(frame == [0, 0, 0, 0, 0, 6, 1, 3, 0, 0, 0, 2])
        }
    }

    private func send(_ request: [UInt8], with client: borrowing LibmodbusHandle) -> Int {
        client.sendRaw(request.span).value
    }

    private func koppelLocalPort(_ socket: Int32) -> Int {
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket, $0, &size) }
        }
        return result == 0 ? Int(UInt16(bigEndian: address.sin_port)) : -1
    }

    /// The client of the library, as it comes, on a thread of its own.
    private actor LibraryClient {
        private nonisolated let thread = ThreadExecutor(name: "library client")
        nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
        // Used on the actor's thread only, and freed when nobody can use it any more.
        private nonisolated(unsafe) let context: OpaquePointer

        init(port: UInt16) throws {
            context = try #require(modbus_new_tcp("127.0.0.1", Int32(port)))
            modbus_set_slave(context, 1)
            modbus_set_response_timeout(context, 0, 100_000)
        }

        deinit {
            modbus_close(context)
            modbus_free(context)
        }

        func connect() -> Bool { modbus_connect(context) == 0 }

        /// The words at addresses 5 and 6; `nil` for any error.
        func read() -> [UInt16]? {
            var words: [UInt16] = [0, 0]
            return modbus_read_registers(context, 5, 2, &words) == 2 ? words : nil
        }
    }

    private func withLibrary(
        _ script: ScriptedPeer.Script, body: (ScriptedPeer, LibraryClient) async throws -> Void
    ) async throws {
        try await ScriptedPeer(script).whileRunning { peer in
            let client = try LibraryClient(port: peer.port)
            #expect(await client.connect())
            try await body(peer, client)
        }
    }

    private static func answer(_ request: [UInt8]) -> [UInt8] {
        Array(request[0..<2]) + [0, 0, 0, 7, request[6], request[7], 4, 0, 5, 0, 6]
    }

    @Test(arguments: [
        ("fact 3, F18: protocol id 1", 3, 1), ("F16: another unit", 6, 2), ("F19: a length that lies", 5, 10),
    ])
    func `the library believes an answer that we refuse`(_ vector: (name: String, place: Int, byte: UInt8)) async throws
    {
        let script = ScriptedPeer.Script(answer: { request, _ in
            var frame = Self.answer(request)
            frame[vector.place] = vector.byte
            return [.send(frame)]
        })
        try await withLibrary(script) { _, client in #expect(await client.read() == [5, 6], "\(vector.name)") }
        try await ScriptedPeer(script).whileRunning { peer in
            try await withLink(.tcp(host: "127.0.0.1", port: peer.port), timeout: .seconds(2)) { link in
                guard case .failed = try await link.ending(of: request(5, 2), timeout: .milliseconds(200)) else {
                    Issue.record("\(vector.name) was believed")
                    return
                }
            }
        }
    }

    @Test func `fact 4, F13: after one late answer the library is behind for good, and our link is not`() async throws {
        let script = ScriptedPeer.Script(answer: { request, connection in
            // The first question is answered after the timeout.
            let isFirst = request[1] == 1
            return (isFirst ? [.wait(.milliseconds(160))] : []) + [.send(Self.answer(request))]
        })
        try await withLibrary(script) { _, client in
            #expect(await client.read() == nil)
            try await ContinuousClock().sleep(for: .milliseconds(120))  // the late answer comes
            for _ in 0..<3 { #expect(await client.read() == nil) }
        }
        try await ScriptedPeer(script).whileRunning { peer in
            try await withLink(.tcp(host: "127.0.0.1", port: peer.port), timeout: .seconds(2)) { link in
                let late = try await link.ending(of: request(5, 2), timeout: .milliseconds(100))
                #expect(late == .failed(.timeout))
                for _ in 0..<3 {
                    let next = try await link.ending(of: request(5, 2), timeout: .seconds(2))
                    #expect(next == .words([5, 6]))
                }
            }
        }
    }

    @Test func `fact 5, P09: the library does not reconnect by itself as long as nobody asks it to`() async throws {
        try await withLibrary(.init(answer: { _, _ in [.close] })) { peer, client in
            for _ in 0..<3 { #expect(await client.read() == nil) }
            #expect(peer.connections == 1)
        }
    }

    @Test func `F06: the library takes as long as the answer drips, and our link stops at the deadline`() async throws {
        let script = ScriptedPeer.Script(answer: { request, _ in
            Self.answer(request).flatMap { [.send([$0]), .wait(.milliseconds(40))] as [ScriptedPeer.Step] }
        })
        try await withLibrary(script) { _, client in
            #expect(await client.read() == [5, 6])  // after half a second, with a timeout of 100 ms
        }
        try await ScriptedPeer(script).whileRunning { peer in
            try await withLink(.tcp(host: "127.0.0.1", port: peer.port), timeout: .seconds(2)) { link in
                let error = await #expect(throws: BusError.self) {
                    try await link.transact(request(5, 2), timeout: .milliseconds(100), pause: .zero)
                }
                #expect(error.map { $0.elapsed < .milliseconds(250) } == true)
            }
        }
    }

    @Test(arguments: [
        ("fact 5, P09: recovery by the library", "modbus_set_error_recovery"),
        ("fact 10: its debug output", "modbus_set_debug"), ("fact 12, P37: its float helpers", "_float"),
        ("P11: its error texts", "modbus_strerror"),
    ])
    func `what the library does badly is not used`(_ vector: (fact: String, call: String)) throws {
        let sources = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Sources/KoppelModbus")
        let files = FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil)
        var number = 0
        while let file = files?.nextObject() as? URL {
            guard file.pathExtension == "swift" else { continue }
            number += 1
            let text = try String(contentsOf: file, encoding: .utf8)
            #expect(!text.contains(vector.call), "\(vector.fact) in \(file.lastPathComponent)")
        }
        #expect(number > 10)
    }

    @Test func `fact 6, F27: with a descriptor beyond 1,023 the link is refused and the process lives`() async {
        await #expect(processExitsWith: .success) {
            var limit = rlimit(rlim_cur: 2_048, rlim_max: 2_048)
            guard setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { exit(2) }
            for _ in 0..<1_100 { _ = open("/dev/null", O_RDONLY) }
            let settings = try settings(.tcp(host: "127.0.0.1", port: 1))
            let link = try ModbusBus.link(for: settings, clock: wallClock)
            do throws(BusError) {
                try await link.open()
                exit(3)
            } catch {
                exit(error.kind == .linkDown(errno: EMFILE) ? 0 : 4)
            }
        }
    }
}
