import KoppelCore
import KoppelModbus
import KoppelTestKit
import Testing

/// A line with faults behind a serial device server that cuts the stream as it likes.
extension ChaosTests {
    @Suite(.serialized) struct RTUOverTCP {
        static let timeout = Duration.milliseconds(200)
        static let value = Ending.words([])

        private func withServer(
            _ packing: SerialDeviceServer.Packing, timeout: Duration = timeout,
            body: (ChaosDevice, Signals) async throws -> Void
        ) async throws {
            try await withFolder { folder in
                let path = "\(folder)/tty"
                try await ChaosDevice.serve(["--rtu", path, "--units", "1-2", "--seed", "5"]) { device in
                    try await SerialDeviceServer(path: path, packing: packing).whileServing { port in
                        try await withLink(.rtuOverTCP(host: "127.0.0.1", port: port), timeout: timeout) { link in
                            let signals = try await Signals(device: device, link: link, timeout: timeout)
                            try await signals.waitUntilAnswered()
                            try await body(device, signals)
                        }
                    }
                }
            }
        }

        @Test(arguments: SerialDeviceServer.Packing.allCases)
        func `P19: answers are found however the device server cuts the stream`(
            _ packing: SerialDeviceServer.Packing
        ) async throws {
            try await withServer(packing) { device, signals in
                try await signals.expectValues(rounds: 3)
                try await device.tell("fault drop count=1")
                #expect(try await signals.read(0) == .failed(.timeout))
                try await signals.expectValues(rounds: 1)
            }
        }

        @Test func `P03, P19: each fault of a line is told through a device server too, and the next reads are right`()
            async throws
        {
            let faults: [(id: String, command: String, expected: [Ending], aftermath: Duration)] = [
                ("F07", "drop", [.failed(.timeout)], .zero),
                ("F08", "truncated", [.failed(.badFrame(.length))], .zero),
                ("F11", "garbage n=30", [.failed(.badFrame(.checksum))], .zero),
                ("F13, R07", "late ms=230", [.failed(.timeout)], .milliseconds(250)),
                ("F13, R07", "delay ms=260", [.failed(.timeout)], .milliseconds(250)),
                ("F14, R08", "duplicate", [.failed(.badFrame(.several))], .zero),
                ("F15", "stale_first", [.failed(.badFrame(.several))], .zero),
                ("F16, R06", "wrong_unit", [.failed(.badFrame(.unit))], .zero),
                ("F17", "wrong_function", [.failed(.badFrame(.function))], .zero),
                ("F20", "short", [.failed(.badFrame(.length))], .zero),
                ("F20", "long", [.failed(.badFrame(.length))], .zero),
                ("F22", "exception code=255", [.exception(255)], .zero),
                ("F28", "split at=3 ms=20", [Self.value], .zero),
                ("R02", "crc_error", [.failed(.badFrame(.checksum))], .zero),
                ("R04", "noise_prefix", [Self.value], .zero),
                ("R05", "echo", [Self.value], .zero),
                ("R09", "foreign", [Self.value], .zero),
                ("R10", "drip ms=5", [Self.value], .zero),
            ]
            try await withServer(.asTheyCome) { device, signals in
                for fault in faults {
                    try await device.tell("fault \(fault.command) count=1")
                    let begin = ContinuousClock.now
                    let ending = try await signals.read(0)
                    #expect(fault.expected.contains(ending), "\(fault.id), \(fault.command): \(ending)")
                    #expect(ContinuousClock.now - begin < Self.timeout + .milliseconds(200), "\(fault.id)")
                    try await signals.expectNothingWrong(for: fault.aftermath)
                    try await signals.expectValues(rounds: 1)
                }
            }
        }

        @Test func `P03, P19: faults of every kind through a device server: no bad frame is ever believed`()
            async throws
        {
            try await withServer(.gathered, timeout: .milliseconds(80)) { device, signals in
                for fault in [
                    "late ms=100", "duplicate", "garbage n=11", "truncated", "stale_first", "wrong_unit", "short",
                    "long",
                    "crc_error", "bit_flip", "delay ms=110", "noise_prefix", "noise_suffix", "echo", "foreign",
                ] { try await device.tell("fault \(fault) prob=0.03 for=2") }
                try await signals.expectNothingWrong(for: .seconds(2))
                try await device.tell("clear")
                try await signals.expectNothingWrong(for: .milliseconds(150))  // what is late has come
                try await signals.expectValues(rounds: 1)
            }
        }
    }
}
