import Glibc
import KoppelCore
import KoppelExecutor
import Testing

@testable import KoppelModbus

/// The life of a connection over TCP, with a peer that does as told.
@Suite(.timeLimit(.minutes(5)))
struct ConnectionTests {
    /// The right answer to a read of one register: the register holds its own address.
    static func answer(_ request: [UInt8]) -> [UInt8] {
        Array(request[0..<2]) + [0, 0, 0, 5, request[6], request[7], 2, request[8], request[9]]
    }

    @Test func `P16, F29: a device that closes while it is asked after a pause is asked again at once`() async throws {
        let peer = try ScriptedPeer(
            .init(answer: { request, connection in
                // The first connection takes one question only; the second question finds it closing.
                connection == 1 && request[1] == 2 ? [.close] : [.send(Self.answer(request))]
            }))
        try await peer.whileRunning { peer in
            try await withLink(.tcp(host: "127.0.0.1", port: peer.port), timeout: .seconds(2)) { link in
                let first = try await link.ending(of: request(1, 1), timeout: .seconds(2))
                #expect(first == .words([1]))
                try await ContinuousClock().sleep(for: TCPSocket.idleLimit)  // the pause is what is tested
                let second = try await link.ending(of: request(7, 1), timeout: .seconds(2))
                #expect(second == .words([7]))
                #expect(peer.connections == 2)
            }
        }
    }

    @Test func `X18: a device that closes at every question is asked no more often for it`() async throws {
        let peer = try ScriptedPeer(.init(answer: { _, _ in [.close] }))
        try await peer.whileRunning { peer in
            try await withLink(.tcp(host: "127.0.0.1", port: peer.port), timeout: .seconds(2)) { link in
                try await ContinuousClock().sleep(for: TCPSocket.idleLimit)  // so that the connection may be ending
                let ending = try await link.ending(of: request(1, 1), timeout: .seconds(2))
                #expect(ending == .failed(.refused))
                #expect(peer.connections == 1)
            }
        }
    }

    @Test func `F25: a device that takes one master and turns away the next says so`() async throws {
        let peer = try ScriptedPeer(.init(welcome: { _ in [.close] }, answer: { _, _ in [] }))
        try await peer.whileRunning { peer in
            try await withLink(.tcp(host: "127.0.0.1", port: peer.port), timeout: .seconds(2)) { link in
                let error = await #expect(throws: BusError.self) {
                    try await link.transact(request(1, 1), timeout: .seconds(2), pause: .zero)
                }
                #expect(error?.kind == .refused)
                #expect(error?.description.contains("whether another master holds the only connection") == true)
                #expect(error?.recovery == .reopen)
            }
        }
    }

    @Test(arguments: [BusConnection.keep, .perSweep])
    func `P16: a bus is connected for each sweep or all the time, as the site file says`(
        _ mode: BusConnection
    ) async throws {
        let peer = try ScriptedPeer(.init(answer: { request, _ in [.send(Self.answer(request))] }))
        try await peer.whileRunning { peer in
            var bus = try settings(.tcp(host: "127.0.0.1", port: peer.port), timeout: .seconds(2))
            bus.connection = mode
            let recorder = FrameRecorder()
            let link = try ModbusBus.link(for: bus, clock: wallClock, tap: recorder)
            try await link.open()
            for sweep in 1...3 {
                for address in UInt16(1)...3 {
                    let ending = try await link.ending(of: request(address, 1), timeout: .seconds(2))
                    #expect(ending == .words([address]))
                    await link.rest(for: .milliseconds(50))  // too short to be worth a new connection
                }
                await link.rest(for: .seconds(10))
                #expect(peer.connections == (mode == .keep ? 1 : sweep))
                #expect((recorder.all.last == .event(.closed)) == (mode == .perSweep))
            }
            await link.close()
        }
    }

    @Test func `P15: keepalive, user timeout and no delay are really set on the socket`() async throws {
        let peer = try ScriptedPeer(.init(answer: { _, _ in [] }))
        try await peer.whileRunning { peer in
            let socket = TCPSocket(names: SystemHostNames(host: "127.0.0.1"), port: peer.port)
            try socket.open(until: .now + .seconds(2))
            let descriptor = try #require(socket.descriptor)
            func option(_ level: Int32, _ name: Int32) -> Int32 {
                var (value, size) = (Int32(-1), socklen_t(MemoryLayout<Int32>.size))
                return getsockopt(descriptor, level, name, &value, &size) == 0 ? value : -1
            }
            #expect(option(SOL_SOCKET, SO_KEEPALIVE) == 1)
            let tcp = Int32(IPPROTO_TCP)
            #expect(option(tcp, TCP_KEEPIDLE) == 15)
            #expect(option(tcp, TCP_KEEPINTVL) == 5)
            #expect(option(tcp, TCP_KEEPCNT) == 3)
            #expect(option(tcp, TCP_USER_TIMEOUT) == 15_000)
            #expect(option(tcp, TCP_NODELAY) == 1)
            #expect(fcntl(descriptor, F_GETFD) & FD_CLOEXEC != 0)
            socket.close()
        }
    }

    /// Gives other addresses each time.
    private final class MovingHost: HostNames {
        private var moves: [[String]]

        init(_ moves: [[String]]) { self.moves = moves }

        func addresses(until deadline: ContinuousClock.Instant) throws(LinkFault) -> [String] {
            guard !moves.isEmpty else { throw LinkFault(.unknownHost) }
            return moves.removeFirst()
        }
    }

    @Test func `F30: a device that got another address is found by its name when it is connected again`() async throws {
        let peer = try ScriptedPeer(.init(answer: { _, _ in [] }))
        try await peer.whileRunning { peer in
            // Nobody listens at the second address; it stands for the place the device was moved away from.
            let host = MovingHost([["127.0.0.1"], ["127.9.9.9"], ["127.9.9.9", "127.0.0.1"], []])
            let socket = TCPSocket(names: host, port: peer.port)
            try socket.open(until: .now + .seconds(2))
            socket.close()
            #expect(throws: LinkFault.self) { try socket.open(until: .now + .seconds(2)) }
            try socket.open(until: .now + .seconds(2))
            socket.close()
            #expect(throws: LinkFault(.unknownHost)) { try socket.open(until: .now + .seconds(2)) }
            #expect(socket.descriptor == nil)
        }
    }

    @Test func `F30: a name that is not known yet at the deadline is asked for again, and given up without waiting`()
        throws
    {
        let names = SystemHostNames(host: "no-such-host.invalid")
        let begin = ContinuousClock.now
        for _ in 0..<2 { #expect(throws: LinkFault(.unknownHost)) { try names.addresses(until: begin) } }
        #expect(ContinuousClock.now - begin < .seconds(1))
    }

    /// With the C library's own asynchronous look-up this ended the process: its wait, when it runs out at the moment
    /// the answer comes, leaves an address on the stack behind for the answering thread to write to.
    @Test func `F30: many buses that give a look-up up at the very moment of its answer harm nothing`()
        async throws
    {
        let found = try await withThrowingTaskGroup(of: Int.self) { group in
            for bus in 0..<16 {
                let thread = ThreadExecutor(name: "bus \(bus)")
                group.addTask(executorPreference: thread) {
                    var found = 0
                    for round in 0..<500 {
                        let names = SystemHostNames(host: "localhost")
                        // Between none and 60 µs, which is about what the look-up takes.
                        let patience = Duration.microseconds((round * 7 + bus) % 61)
                        do throws(LinkFault) {
                            found += try names.addresses(until: .now + patience).isEmpty ? 0 : 1
                        } catch {
                            #expect(error == LinkFault(.unknownHost))
                        }
                    }
                    return found
                }
            }
            return try await group.reduce(0, +)
        }
        // A look-up with time enough still finds the host.
        #expect(try !SystemHostNames(host: "localhost").addresses(until: .now + .seconds(5)).isEmpty)
        #expect(found < 16 * 500)
    }
}
