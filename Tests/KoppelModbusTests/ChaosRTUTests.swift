import Glibc
import KoppelCore
import KoppelModbus
import KoppelTestKit
import Testing

/// Each fault of a serial line once, on a pseudo-terminal.
extension ChaosTests {
    @Suite(.serialized) struct RTU {
        struct Vector: CustomTestStringConvertible {
            let fault: String
            let command: String
            let expected: [Ending]
            /// While this lasts reads may fail.
            var aftermath = Duration.milliseconds(50)

            var testDescription: String { "\(fault): \(command)" }
        }

        static let timeout = Duration.milliseconds(200)
        static let line = SerialLine(baud: 4_800, parity: .none)
        static let value = Ending.words([])

        private func withLine<Result: Sendable>(
            _ arguments: [String] = [], timeout: Duration = timeout,
            body: (ChaosDevice, Signals, any ModbusLink, String) async throws -> Result
        ) async throws -> Result {
            try await withFolder { folder in
                let path = "\(folder)/tty"
                return try await ChaosDevice.serve(["--rtu", path] + arguments) { device in
                    try await withLink(.rtu(device: path, line: Self.line), timeout: timeout) { link in
                        let signals = try await Signals(device: device, link: link, timeout: timeout)
                        // The device looks for an open port every 20 ms.
                        try await signals.waitUntilAnswered()
                        return try await body(device, signals, link, path)
                    }
                }
            }
        }

        @Test(arguments: [
            Vector(fault: "R02", command: "crc_error", expected: [.failed(.badFrame(.checksum))]),
            Vector(
                fault: "R03", command: "bit_flip",
                expected: [.failed(.badFrame(.checksum)), .failed(.badFrame(.length)), .failed(.timeout)]),
            Vector(fault: "R04", command: "noise_prefix", expected: [value]),
            Vector(fault: "R04", command: "noise_suffix", expected: [value, .failed(.badFrame(.several))]),
            Vector(fault: "R04", command: "garbage n=30", expected: [.failed(.badFrame(.checksum))]),
            Vector(fault: "R05", command: "echo", expected: [value]),
            Vector(fault: "R06", command: "wrong_unit", expected: [.failed(.badFrame(.unit))]),
            Vector(fault: "R07", command: "late ms=230", expected: [.failed(.timeout)], aftermath: .milliseconds(300)),
            Vector(fault: "R07", command: "late ms=500", expected: [.failed(.timeout)], aftermath: .milliseconds(600)),
            Vector(fault: "R07", command: "delay ms=260", expected: [.failed(.timeout)], aftermath: .milliseconds(300)),
            Vector(fault: "R08", command: "duplicate", expected: [.failed(.badFrame(.several))]),
            Vector(fault: "R09", command: "foreign", expected: [value]),
            Vector(
                fault: "R10", command: "drip ms=40", expected: [.failed(.badFrame(.length))],
                aftermath: .milliseconds(400)),
            Vector(fault: "R10", command: "drip ms=5", expected: [value]),
            Vector(fault: "F08", command: "truncated", expected: [.failed(.badFrame(.length))]),
            Vector(fault: "F15", command: "stale_first", expected: [.failed(.badFrame(.several))]),
            Vector(fault: "F17", command: "wrong_function", expected: [.failed(.badFrame(.function))]),
            Vector(fault: "F20", command: "short", expected: [.failed(.badFrame(.length))]),
            Vector(fault: "F20", command: "long", expected: [.failed(.badFrame(.length))]),
            Vector(fault: "F22", command: "exception code=255", expected: [.exception(255)]),
        ])
        func `a fault is told as what it is, and the next reads are right`(_ vector: Vector) async throws {
            try await withLine { device, signals, _, _ in
                try await signals.expectValues(rounds: 1)
                try await device.tell("fault \(vector.command) count=1")
                let begin = ContinuousClock.now
                let ending = try await signals.read(0)
                #expect(vector.expected.contains(ending), "\(ending)")
                #expect(ContinuousClock.now - begin < Self.timeout + .milliseconds(150))
                try await signals.expectNothingWrong(for: vector.aftermath)
                try await signals.expectValues(rounds: 2)
            }
        }

        @Test func `R07: a late answer is never taken for the next one, poll after poll`() async throws {
            try await withLine(timeout: .milliseconds(100)) { device, signals, _, _ in
                try await device.tell("fault late ms=130 prob=0.2 for=4")
                try await signals.expectNothingWrong(for: .milliseconds(4_500))
                try await device.tell("clear")
                try await ContinuousClock().sleep(for: .milliseconds(150))  // what is late has come
                try await signals.expectValues(rounds: 3)
            }
        }

        @Test func `R07: the last registers of a device, which cannot be asked wider, wait for silence`() async throws {
            try await withLine(["--signals", "8"], timeout: .milliseconds(150)) { device, signals, _, _ in
                try await device.tell("fault late ms=300 count=1")
                #expect(try await signals.read(7) == .failed(.timeout))
                for _ in 0..<20 { #expect(try await signals.read(7) == Self.value) }
            }
        }

        @Test func `R11, R12: a pulled adapter is told at once and used again when it is back`() async throws {
            try await withLine { device, signals, link, _ in
                try await device.tell("unplug")
                let begin = ContinuousClock.now
                guard case .failed(.linkDown) = try await signals.read(0) else {
                    Issue.record("a pulled adapter answered")
                    return
                }
                #expect(ContinuousClock.now - begin < .milliseconds(100))
                await #expect(throws: BusError.self) { try await link.open() }
                try await device.tell("replug")
                try await link.open()
                try await signals.waitUntilAnswered()
                try await signals.expectValues(rounds: 1)
            }
        }

        @Test func `R12: an adapter that is back under another number is found by its stable name`() async throws {
            try await withFolder { folder in
                let (first, second, stable) = ("\(folder)/tty0", "\(folder)/tty1", "\(folder)/by-id")
                try await ChaosDevice.serve(["--rtu", first]) { device in
                    symlink(first, stable)
                    defer { unlink(stable) }
                    try await withLink(.rtu(device: stable, line: Self.line), timeout: Self.timeout) { link in
                        let signals = try await Signals(device: device, link: link, timeout: Self.timeout)
                        try await signals.waitUntilAnswered()
                        try await device.tell("unplug")
                        try await device.tell("replug link=\(second)")
                        unlink(stable)  // as udev does
                        symlink(second, stable)
                        guard case .failed(.linkDown) = try await signals.read(0) else {
                            Issue.record("the old descriptor answered")
                            return
                        }
                        try await link.open()
                        try await signals.waitUntilAnswered()
                        try await signals.expectValues(rounds: 1)
                    }
                }
            }
        }

        @Test func `R13: a port whose name changes while it is open keeps working`() async throws {
            try await withLine { device, signals, link, path in
                try await device.tell("rename link=\(path)-other")
                try await signals.expectValues(rounds: 1)
                await link.close()
                // The next open goes by the name, which is gone.
                await #expect(throws: BusError.self) { try await link.open() }
                try await device.tell("rename link=\(path)")
                try await link.open()
                try await signals.waitUntilAnswered()
            }
        }

        @Test func `P14, R11: an adapter that is pulled while nothing is asked is let go at once`() async throws {
            try await withFolder { folder in
                let path = "\(folder)/tty"
                try await ChaosDevice.serve(["--rtu", path]) { device in
                    let recorder = FrameRecorder()
                    let settings = try settings(.rtu(device: path, line: Self.line), timeout: Self.timeout)
                    let link = try ModbusBus.link(for: settings, clock: wallClock, tap: recorder)
                    try await link.open()
                    try await device.tell("unplug")
                    let end = ContinuousClock.now + .seconds(5)
                    while recorder.all.last != .event(.closed), .now < end {
                        try await ContinuousClock().sleep(for: .milliseconds(2))
                    }
                    #expect(recorder.all.last == .event(.closed))
                    let ending = try await link.ending(of: request(0, 2))
                    #expect(ending == .failed(.linkDown(errno: 5)))
                    await link.close()
                }
            }
        }

        @Test func `R03: with three answers in ten broken no wrong value is read`() async throws {
            try await withLine { device, signals, link, _ in
                try await device.tell("fault bit_flip prob=0.3 for=2")
                try await signals.expectNothingWrong(for: .seconds(2))
                #expect(await link.counters().damaged > 0)
            }
        }

        @Test func `R08: doubles that come a little later never answer another question`() async throws {
            try await withLine(["--baud", "19200"]) { device, signals, link, _ in
                try await device.tell("fault duplicate ms=4 prob=0.3 for=3")
                try await signals.expectNothingWrong(for: .seconds(3))
                try await device.tell("clear")
                try await signals.expectValues(rounds: 1)
                #expect(await link.counters().strayAnswers > 0)
            }
        }

        @Test func `R09: the frames of another master are counted, also while nothing is asked`() async throws {
            try await withLine { device, signals, link, _ in
                let before = await link.counters().foreignFrames
                try await device.tell("fault foreign count=1")
                #expect(try await signals.read(0) == Self.value)
                #expect(await link.counters().foreignFrames == before + 2)
                try await device.tell("second_master every_ms=10 for=0.3")
                try await ContinuousClock().sleep(for: .milliseconds(400))
                try await signals.waitUntilAnswered()
                #expect(await link.counters().foreignFrames >= before + 6)
            }
        }

        @Test func `R09: a second master on the line never puts values into ours`() async throws {
            try await withLine { device, signals, _, _ in
                try await device.tell("second_master every_ms=15 for=2")
                try await signals.expectNothingWrong(for: .seconds(2))
            }
        }
    }
}
