import Glibc
import KoppelExecutor
import KoppelTestKit
import Synchronization

/// A unit on a serial line that does what a test says, on a thread of its own.
actor ScriptedLine {
    private nonisolated let thread = ThreadExecutor(name: "scripted line")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
    private nonisolated let isDone = Atomic(false)
    private nonisolated let heard = Mutex<[[UInt8]]>([])
    private let pair: PtyPair
    private let script: @Sendable (_ question: [UInt8], _ number: Int) -> [ScriptedPeer.Step]

    nonisolated let path: String
    /// The questions so far.
    nonisolated var questions: [[UInt8]] { heard.withLock { $0 } }

    /// `script` is given each question and its number, from 0; closing is nothing a line can do.
    init(_ script: @escaping @Sendable (_ question: [UInt8], _ number: Int) -> [ScriptedPeer.Step]) throws {
        pair = try PtyPair()
        path = pair.farPath
        self.script = script
    }

    nonisolated func whileRunning<Result: Sendable>(
        _ body: (ScriptedLine) async throws -> Result
    ) async throws -> Result {
        try await running({ await self.run() }, until: { isDone.store(true, ordering: .relaxed) }) {
            try await body(self)
        }
    }

    private func run() {
        var received: [UInt8] = []
        while !isDone.load(ordering: .relaxed) {
            var polled = [pollfd(fd: pair.near, events: Int16(POLLIN), revents: 0)]
            guard poll(&polled, 1, 20) > 0 else { continue }
            var chunk = [UInt8](repeating: 0, count: 64)
            let count = read(pair.near, &chunk, chunk.count)
            received += chunk.prefix(max(0, count))
            while received.count >= 8 {
                let question = Array(received.prefix(8))
                received.removeFirst(8)
                let number = heard.withLock {
                    $0.append(question)
                    return $0.count - 1
                }
                for step in script(question, number) {
                    switch step {
                    case .send(let bytes): _ = write(pair.near, bytes, bytes.count)
                    // The script's own pause, on the line's own thread.
                    case .wait(let time): usleep(UInt32(time / .microseconds(1)))
                    case .close, .reset: break
                    }
                }
            }
        }
    }
}
