import Glibc
import KoppelCore
import Testing

@testable import KoppelModbus

/// What the library does, where our code depends on it. A test that fails here means that a newer libmodbus behaves
/// better, and that something of ours can go.
@Suite(.timeLimit(.minutes(1)))
struct LibmodbusFactsTests {
    @Test func `raw requests on TCP carry transaction id 0, so late answers could not be told apart`() throws {
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

    @Test func `F27: with a descriptor beyond 1,023 the link is refused and the process lives`() async {
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
