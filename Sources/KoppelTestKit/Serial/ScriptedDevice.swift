internal import CLinuxShims
internal import Glibc
internal import KoppelExecutor
internal import Synchronization

/// A device at the near end of a pseudo-terminal that answers each question as a script says.
///
/// A pseudo-terminal has no baud rate on its wires, but both ends know the rate that the far side was set to. So a
/// script can be deaf to every rate but one, as a real device is.
package actor ScriptedDevice {
    /// What it sends in answer to the bytes of one question, at the rate the port is set to now.
    package typealias Script = @Sendable (_ question: [UInt8], _ baud: Int) -> [UInt8]

    private nonisolated let thread = ThreadExecutor(name: "scripted device")
    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
    private let line: PtyPair
    private let script: Script
    private nonisolated let isDone = Atomic(false)

    package init(_ line: PtyPair, script: @escaping Script) {
        self.line = line
        self.script = script
    }

    /// Answers while `body` runs.
    package nonisolated func whileServing<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
        async let serving: Void = serve()
        do {
            let result = try await body()
            isDone.store(true, ordering: .relaxed)
            await serving
            return result
        } catch {
            isDone.store(true, ordering: .relaxed)
            await serving
            throw error
        }
    }

    private func serve() {
        var bytes = [UInt8](repeating: 0, count: 256)
        while !isDone.load(ordering: .relaxed) {
            guard koppel_poll2(line.near, -1, 0, 20_000_000) & 1 != 0 else { continue }
            let count = read(line.near, &bytes, bytes.count)
            guard count > 0 else { continue }
            var settings = koppel_serial()
            guard koppel_serial_settings(line.near, &settings) == 0 else { return }
            let answer = script(Array(bytes.prefix(count)), Int(settings.baud))
            _ = write(line.near, answer, answer.count)  // a line loses what nobody takes
        }
    }

    /// One holding or input register in answer to a question, with its checksum.
    package static func answer(to question: [UInt8], word: UInt16) -> [UInt8] {
        guard question.count >= 8 else { return [] }
        let body = [question[0], question[1], 2, UInt8(word >> 8), UInt8(word & 0xFF)]
        var crc: UInt16 = 0xFFFF
        for byte in body {
            crc ^= UInt16(byte)
            for _ in 0..<8 { crc = crc & 1 != 0 ? crc >> 1 ^ 0xA001 : crc >> 1 }
        }
        return body + [UInt8(crc & 0xFF), UInt8(crc >> 8)]
    }
}
