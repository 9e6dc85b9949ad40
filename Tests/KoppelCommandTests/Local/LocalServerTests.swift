import Foundation
import KoppelCore
import Subprocess
import Testing

@testable import KoppelAgent

/// The agent's local socket against clients that mean well and clients that do not.
@Suite(.timeLimit(.minutes(5)))
struct LocalServerTests {
    /// Serves in a folder of its own while `body` runs.
    private func serving(
        _ answer: @escaping @Sendable (LocalRequest?) async -> [UInt8] = { request in
            Array((request.map { $0.line } ?? "none").utf8)
        }, body: (LocalSocket, LocalCounts) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        let socket = LocalSocket(dataFolder: folder.path)
        let counts = LocalCounts()
        let server = LocalServer(socket: socket, counts: counts, answer: answer)
        let running = Task { await server.run() }
        defer { running.cancel() }
        try await until { FileManager.default.fileExists(atPath: socket.path) }
        try await body(socket, counts)
        running.cancel()
        await running.value
        #expect(!FileManager.default.fileExists(atPath: socket.path))
    }

    private func until(_ isSo: () async throws -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(60)
        while try await !isSo() {
            try #require(ContinuousClock.now < end, "what is waited for does not happen")
            // What is waited for is a file or a count, which nobody announces.
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    private func say(_ text: String, on descriptor: Int32) {
        let bytes = Array(text.utf8)
        #expect(send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count)
    }

    /// What comes until the other side closes, off the shared pool's threads.
    private func rest(of descriptor: Int32) async -> String {
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            if count > 0 { answer += buffer.prefix(count) }
            if count == 0 || (count < 0 && errno != EAGAIN) { return String(decoding: answer, as: UTF8.self) }
            if count < 0 { await Task.yield() }
        }
    }

    @Test func `a line is answered with one document, and the connection ends`() async throws {
        try await serving { socket, counts in
            let client = try socket.connect(timeout: .seconds(5))
            defer { close(client) }
            say("koppel 1 ", on: client)
            say("frames hal-3 17\n", on: client)
            #expect(await rest(of: client) == "koppel 1 frames hal-3 17")
            #expect(counts[.served] == 1)
        }
    }

    @Test func `X12: the socket is for its owner alone`() async throws {
        try await serving { socket, _ in
            var status = stat()
            #expect(stat(socket.path, &status) == 0)
            #expect(status.st_mode & 0o777 == 0o600)
            #expect(status.st_uid == geteuid())
        }
        #expect(LocalSocket.mayAsk(peer: 0, own: 990))
        #expect(LocalSocket.mayAsk(peer: 990, own: 990))
        #expect(!LocalSocket.mayAsk(peer: 1_000, own: 990))
    }

    @Test(.enabled(if: geteuid() == 0, "only root can become another user"))
    func `X12: another user is cut off even where the file lets it in`() async throws {
        try await serving { socket, counts in
            #expect(chmod(socket.path, 0o777) == 0)
            let script = """
                import os, socket, sys
                os.setuid(65534)
                s = socket.socket(socket.AF_UNIX)
                s.settimeout(5)
                s.connect(sys.argv[1])
                try: s.sendall(b'koppel 1 status\\n')
                except OSError: pass
                try: print('got', s.recv(100))
                except OSError: print('cut off')
                """
            let outcome = try await Subprocess.run(
                .name("python3"), arguments: ["-c", script, socket.path], output: .string(limit: 1_000))
            #expect(["got b''\n", "cut off\n"].contains(outcome.standardOutput))
            #expect(counts[.refused] == 1)
            #expect(counts[.served] == 0)
        }
    }

    @Test func `X03: a line that never ends, two lines, and nonsense harm nobody`() async throws {
        try await serving { socket, counts in
            let endless = try socket.connect(timeout: .seconds(5))
            defer { close(endless) }
            say(String(repeating: "x", count: 4_097), on: endless)
            #expect(await rest(of: endless).isEmpty)
            let twofold = try socket.connect(timeout: .seconds(5))
            defer { close(twofold) }
            say("koppel 1 status\nkoppel 1 status\n", on: twofold)
            #expect(await rest(of: twofold).isEmpty)
            #expect(counts[.cutOff] == 2)
            for nonsense in [
                "", "koppel 2 status", "koppel 1 write hal-3 1", "koppel 1 frames ../x 0", "\u{0}\u{1B}[2J",
            ] {
                let client = try socket.connect(timeout: .seconds(5))
                defer { close(client) }
                say(nonsense + "\n", on: client)
                #expect(await rest(of: client) == "none")
            }
            #expect(counts[.served] == 5)
        }
    }

    @Test func `X03: four clients that say nothing are cut off, and the fifth gets its answer`() async throws {
        try await serving { socket, counts in
            let begin = ContinuousClock.now
            var silent: [Int32] = []
            for _ in 0..<LocalServer.mostClients { silent.append(try socket.connect(timeout: .seconds(5))) }
            defer { for client in silent { close(client) } }
            let fifth = try socket.connect(timeout: .seconds(5))
            defer { close(fifth) }
            say("koppel 1 status\n", on: fifth)
            #expect(await rest(of: fifth) == "koppel 1 status")
            #expect(ContinuousClock.now - begin >= LocalServer.patience)
            #expect(counts[.cutOff] >= 1)
        }
    }

    @Test func `X03: a client that does not take its answer is cut off`() async throws {
        try await serving({ _ in [UInt8](repeating: 65, count: 8 << 20) }) { socket, counts in
            let client = try socket.connect(timeout: .seconds(5))
            defer { close(client) }
            say("koppel 1 status\n", on: client)
            try await until { counts[.cutOff] == 1 }
        }
    }

    @Test func `a socket that an earlier run left behind is replaced, anything else is not`() async throws {
        let folder = try TemporaryFolder()
        let socket = LocalSocket(dataFolder: folder.path)
        close(try socket.listen(waiting: 1))
        #expect(FileManager.default.fileExists(atPath: socket.path))
        close(try socket.listen(waiting: 1))
        socket.remove()
        _ = try folder.write("precious", to: "koppel.sock")
        let failure = #expect(throws: LocalSocket.Failure.self) { try socket.listen(waiting: 1) }
        #expect(failure?.kind == .notAllowed)
        #expect(try String(contentsOfFile: socket.path, encoding: .utf8) == "precious")
    }

    @Test func `no agent, and a path that is too long, are told with what to do`() throws {
        let folder = try TemporaryFolder()
        let nobody = #expect(throws: LocalSocket.Failure.self) {
            try LocalSocket(dataFolder: folder.path).connect(timeout: .seconds(1))
        }
        #expect(nobody?.kind == .noAgent)
        #expect(nobody?.description.contains("koppel run") == true)
        let long = LocalSocket(dataFolder: "/" + String(repeating: "a", count: 100))
        let failure = #expect(throws: LocalSocket.Failure.self) { try long.listen(waiting: 1) }
        #expect(failure?.kind == .pathTooLong)
        #expect(failure?.description.contains("107 bytes") == true)
    }
}
