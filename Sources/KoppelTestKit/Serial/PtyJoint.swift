internal import CLinuxShims
internal import Glibc
internal import KoppelExecutor
internal import Synchronization

/// Joins the near ends of two pseudo-terminals: two programs that each open a serial port can then talk.
package actor PtyJoint {
    private nonisolated let thread = ThreadExecutor(name: "pty joint")
    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
    private let ends: (Int32, Int32)
    private nonisolated let isDone = Atomic(false)

    package init(_ first: Int32, _ second: Int32) { ends = (first, second) }

    package nonisolated func whileJoined<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
        try await running({ await self.copy() }, until: { isDone.store(true, ordering: .relaxed) }, body)
    }

    private func copy() {
        var bytes = [UInt8](repeating: 0, count: 512)
        while !isDone.load(ordering: .relaxed) {
            let ready = koppel_poll2(ends.0, ends.1, 0, 20_000_000)
            if ready & 1 != 0 { pass(from: ends.0, to: ends.1, &bytes) }
            if ready & 2 != 0 { pass(from: ends.1, to: ends.0, &bytes) }
        }
    }

    private func pass(from source: Int32, to target: Int32, _ bytes: inout [UInt8]) {
        let count = read(source, &bytes, bytes.count)
        if count > 0 { _ = write(target, bytes, count) }  // a full terminal loses bytes, as a line does
    }
}
