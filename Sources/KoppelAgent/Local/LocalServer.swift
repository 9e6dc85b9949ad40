internal import CLinuxShims
internal import Glibc
internal import KoppelExecutor
internal import Logging
internal import Synchronization

/// Answers the commands of this machine over the local socket, on a thread of its own.
///
/// A client may say one line of at most 4 KiB and gets 2 s for it, and 2 s more to take its answer; at most four are
/// served at a time and four more wait in the kernel. Whoever breaks that is cut off, and nobody else notices. An
/// agent whose socket cannot be opened runs on without.
actor LocalServer {
    private nonisolated let thread = ThreadExecutor(name: "local socket")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    static let mostClients = 4
    static let patience = Duration.seconds(2)

    private let socket: LocalSocket
    private let counts: LocalCounts
    /// Wakes the thread when the task is cancelled.
    private let wake: Int32
    private let answer: @Sendable (LocalRequest?) async -> [UInt8]
    private var clients: [Int32: LocalConversation] = [:]

    /// `answer` makes the document for a request; for `nil`, which is none, the one that says so.
    init(socket: LocalSocket, counts: LocalCounts, answer: @escaping @Sendable (LocalRequest?) async -> [UInt8]) {
        self.socket = socket
        self.counts = counts
        self.answer = answer
        wake = koppel_eventfd()
        precondition(wake >= 0, "no descriptor left for the local socket (errno \(-wake))")
    }

    deinit { close(wake) }

    /// Serves until the task is cancelled.
    func run() async {
        let listener: Int32
        do throws(LocalSocket.Failure) {
            listener = try socket.listen(waiting: Int32(Self.mostClients))
        } catch {
            Logger.current.warning(
                "The local socket cannot be opened; `koppel status` will not reach this agent",
                metadata: ["error": "\(error)"])
            return
        }
        await withTaskCancellationHandler {
            while !Task.isCancelled {
                let ready = wait(listener)
                if ready.contains(listener) { accept(listener) }
                for client in ready where clients[client] != nil { await serve(client) }
                cutOffTheSlow()
            }
        } onCancel: {
            var one: UInt64 = 1
            write(wake, &one, 8)  // fails only when the counter is full, and then the thread wakes anyway
        }
        for client in clients.keys { close(client) }
        clients = [:]
        close(listener)
        socket.remove()
    }

    /// Blocks this thread until something is ready, a client's time is over, or the task is cancelled.
    private func wait(_ listener: Int32) -> Set<Int32> {
        var watched = [pollfd(fd: wake, events: Int16(POLLIN), revents: 0)]
        if clients.count < Self.mostClients { watched.append(pollfd(fd: listener, events: Int16(POLLIN), revents: 0)) }
        for (client, conversation) in clients {
            watched.append(
                pollfd(fd: client, events: Int16(conversation.isAnswering ? POLLOUT : POLLIN), revents: 0))
        }
        var limit: Int32 = -1
        if let deadline = clients.values.map(\.deadline).min() {
            let left = ContinuousClock.now.duration(to: deadline)
            limit = max(
                0, Int32(left.components.seconds * 1_000 + left.components.attoseconds / 1_000_000_000_000_000) + 1)
        }
        guard poll(&watched, nfds_t(watched.count), limit) > 0 else { return [] }
        return Set(watched.filter { $0.revents != 0 }.map(\.fd))
    }

    private func accept(_ listener: Int32) {
        let client = Glibc.accept(listener, nil, nil)
        guard client >= 0 else { return }  // it has gone again
        _ = fcntl(client, F_SETFD, FD_CLOEXEC)
        _ = fcntl(client, F_SETFL, O_NONBLOCK)
        guard let peer = LocalSocket.peer(of: client), LocalSocket.mayAsk(peer: peer, own: geteuid()) else {
            counts.note(.refused)
            close(client)
            return
        }
        clients[client] = LocalConversation(until: .now + Self.patience)
    }

    private func serve(_ client: Int32) async {
        guard var conversation = clients[client] else { return }
        defer { if clients[client] != nil { clients[client] = conversation } }
        if !conversation.isAnswering {
            var buffer = [UInt8](repeating: 0, count: LocalRequest.longestLine)
            let count = read(client, &buffer, buffer.count)
            if count < 0, errno == EAGAIN || errno == EINTR { return }
            guard count > 0 else { return end(client, .cutOff) }
            switch conversation.take(buffer.prefix(count)) {
            case .wait: return
            case .cutOff: return end(client, .cutOff)
            case .line(let line):
                conversation.answer(await answer(LocalRequest(line: line)), until: .now + Self.patience)
            }
        }
        let count = conversation.unsent.withUnsafeBufferPointer {
            send(client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        if count < 0, errno == EAGAIN || errno == EINTR { return }
        guard count >= 0 else { return end(client, .cutOff) }
        if conversation.sent(count) { end(client, .served) }
    }

    private func cutOffTheSlow() {
        let now = ContinuousClock.now
        for (client, conversation) in clients where conversation.deadline <= now { end(client, .cutOff) }
    }

    private func end(_ client: Int32, _ how: LocalCounts.Kind) {
        counts.note(how)
        clients[client] = nil
        close(client)
    }
}

/// How the clients of the local socket fared since the agent began. Shown, so that a client that hammers is seen.
final class LocalCounts: Sendable {
    enum Kind: CaseIterable { case served, refused, cutOff }

    private let counts = Mutex<[Kind: UInt64]>([:])

    func note(_ kind: Kind) { counts.withLock { $0[kind, default: 0] += 1 } }

    subscript(kind: Kind) -> UInt64 { counts.withLock { $0[kind] ?? 0 } }
}
