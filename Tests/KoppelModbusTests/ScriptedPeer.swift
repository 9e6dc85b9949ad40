import Glibc
import KoppelExecutor
import KoppelTestKit
import Synchronization
import Testing

/// The other end of a bus over TCP that does what a test says, on a thread of its own.
actor ScriptedPeer {
    enum Step: Sendable {
        case send([UInt8])
        case wait(Duration)
        case close
        case reset
    }

    struct Script: Sendable {
        /// How long a request is: 12 bytes with MBAP, 8 with RTU frames.
        var requestLength = 12
        /// What is done with a new connection; the first is number 1.
        var welcome: @Sendable (_ connection: Int) -> [Step] = { _ in [] }
        /// What is done with a request.
        var answer: @Sendable (_ request: [UInt8], _ connection: Int) -> [Step]
    }

    private struct Client {
        let socket: Int32
        let number: Int
        var received: [UInt8] = []
    }

    private nonisolated let thread = ThreadExecutor(name: "scripted peer")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
    nonisolated let port: UInt16
    private nonisolated let isDone = Atomic(false)
    private nonisolated let connected = Atomic(0)
    private nonisolated let overlapping = Atomic(0)
    private let listener: Int32
    private let script: Script
    private var clients: [Client] = []

    /// How many connections were made.
    nonisolated var connections: Int { connected.load(ordering: .relaxed) }

    /// How many times something was asked before the answer to the last question was sent.
    nonisolated var overlaps: Int { overlapping.load(ordering: .relaxed) }

    init(_ script: Script) throws {
        self.script = script
        (listener, port) = listeningSocket()
        try #require(listener >= 0)
    }

    deinit { close(listener) }

    /// Plays the script while `body` runs.
    nonisolated func whileRunning<Result: Sendable>(
        _ body: (ScriptedPeer) async throws -> Result
    ) async throws -> Result {
        try await running({ await self.run() }, until: { isDone.store(true, ordering: .relaxed) }) {
            try await body(self)
        }
    }

    private func run() {
        while !isDone.load(ordering: .relaxed) {
            var polled = ([listener] + clients.map(\.socket)).map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            guard poll(&polled, nfds_t(polled.count), 20) > 0 else { continue }
            for index in clients.indices.reversed() where polled[1 + index].revents != 0 { serve(index) }
            if polled[0].revents != 0 { welcome() }
        }
        for client in clients { close(client.socket) }
        clients.removeAll()
    }

    private func welcome() {
        let socket = accept(listener, nil, nil)
        guard socket >= 0 else { return }
        var on: Int32 = 1
        setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        let number = connected.add(1, ordering: .relaxed).newValue
        clients.append(Client(socket: socket, number: number))
        play(script.welcome(number), clients.count - 1)
    }

    private func serve(_ index: Int) {
        var chunk = [UInt8](repeating: 0, count: 300)
        let count = recv(clients[index].socket, &chunk, chunk.count, Int32(MSG_DONTWAIT))
        guard count > 0 else {
            close(clients.remove(at: index).socket)
            return
        }
        clients[index].received += chunk[..<count]
        while clients[index].received.count >= script.requestLength {
            let request = Array(clients[index].received.prefix(script.requestLength))
            clients[index].received.removeFirst(script.requestLength)
            guard play(script.answer(request, clients[index].number), index) else { return }
        }
    }

    /// False if the connection was closed.
    @discardableResult
    private func play(_ steps: [Step], _ index: Int) -> Bool {
        for step in steps {
            switch step {
            case .send(let bytes):
                let socket = clients[index].socket
                var byte: UInt8 = 0
                if recv(socket, &byte, 1, Int32(MSG_PEEK | MSG_DONTWAIT)) > 0 { overlapping.add(1, ordering: .relaxed) }
                _ = send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL))
            // The script's own pause, on the peer's own thread.
            case .wait(let time): usleep(UInt32(time / .microseconds(1)))
            case .close:
                close(clients.remove(at: index).socket)
                return false
            case .reset:
                var option = linger(l_onoff: 1, l_linger: 0)
                let socket = clients.remove(at: index).socket
                setsockopt(socket, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
                close(socket)
                return false
            }
        }
        return true
    }
}
