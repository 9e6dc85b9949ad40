import KoppelCore
import KoppelModbus
import KoppelTestKit
import Testing

/// Each fault of Modbus TCP once, on a real connection: the right answer to the right question or an error, never the
/// value of another question, and after it everything works again by itself.
extension ChaosTests {
    @Suite(.serialized) struct TCP {
        struct Vector: CustomTestStringConvertible {
            let fault: String
            let command: String
            let expected: [Ending]

            var testDescription: String { "\(fault): \(command)" }
        }

        static let timeout = Duration.milliseconds(300)
        static let value = Ending.words([])  // stands for the value of the signal that was asked for

        @Test(arguments: [
            Vector(fault: "F04", command: "delay ms=340", expected: [.failed(.timeout)]),
            Vector(fault: "F05", command: "delay ms=150", expected: [value]),
            Vector(fault: "F06", command: "drip ms=100", expected: [.failed(.timeout), .failed(.badFrame(.length))]),
            Vector(fault: "F06", command: "drip ms=5", expected: [value]),
            Vector(fault: "F07", command: "drop", expected: [.failed(.timeout)]),
            Vector(fault: "F08", command: "truncated", expected: [.failed(.badFrame(.length))]),
            Vector(fault: "F08", command: "truncated n=3", expected: [.failed(.timeout)]),
            Vector(fault: "F09", command: "disconnect_mid", expected: [.failed(.linkDown(errno: 32))]),
            Vector(
                fault: "F10", command: "disconnect rst=1",
                expected: [.failed(.linkDown(errno: 104)), .failed(.linkDown(errno: 32))]),
            Vector(fault: "F11", command: "garbage n=20", expected: [.failed(.badFrame(.header))]),
            Vector(fault: "F12", command: "wrong_tid", expected: [.failed(.badFrame(.transaction))]),
            Vector(fault: "F13", command: "late ms=330", expected: [.failed(.timeout)]),
            Vector(fault: "F13", command: "delay ms=360", expected: [.failed(.timeout)]),
            Vector(fault: "F14", command: "duplicate", expected: [value]),
            Vector(fault: "F14", command: "duplicate ms=15", expected: [value]),
            Vector(fault: "F15", command: "stale_first", expected: [value]),
            Vector(fault: "F16", command: "wrong_unit", expected: [.failed(.badFrame(.unit))]),
            Vector(fault: "F17", command: "wrong_function", expected: [.failed(.badFrame(.function))]),
            Vector(fault: "F18", command: "wrong_protocol id=1", expected: [.failed(.badFrame(.header))]),
            Vector(fault: "F18", command: "wrong_protocol id=256", expected: [.failed(.badFrame(.header))]),
            Vector(fault: "F19", command: "length_lie add=3", expected: [.failed(.badFrame(.length))]),
            Vector(fault: "F19", command: "length_lie add=-2", expected: [.failed(.badFrame(.length))]),
            Vector(fault: "F19", command: "length_lie length=65535", expected: [.failed(.badFrame(.header))]),
            Vector(fault: "F20", command: "short", expected: [.failed(.badFrame(.length))]),
            Vector(fault: "F20", command: "long", expected: [.failed(.badFrame(.length))]),
            Vector(fault: "F21", command: "byte_count add=2", expected: [.failed(.badFrame(.length))]),
            Vector(fault: "F21", command: "byte_count add=1", expected: [.failed(.badFrame(.length))]),
            Vector(fault: "F22", command: "exception code=0", expected: [.exception(0)]),
            Vector(fault: "F23", command: "exception code=5", expected: [.exception(5)]),
            Vector(fault: "F23", command: "exception code=6", expected: [.exception(6)]),
            Vector(fault: "F22", command: "exception code=12", expected: [.exception(12)]),
            Vector(fault: "F22", command: "exception code=255", expected: [.exception(255)]),
            Vector(fault: "F24", command: "exception code=10", expected: [.exception(10)]),
            Vector(fault: "F24", command: "exception code=11", expected: [.exception(11)]),
            Vector(fault: "F31", command: "exception code=2", expected: [.exception(2)]),
            Vector(fault: "F28", command: "split at=3 ms=10", expected: [value]),
            Vector(fault: "F28", command: "split at=8 ms=10", expected: [value]),
        ])
        func `a fault is told as what it is, and the next reads are right`(_ vector: Vector) async throws {
            try await ChaosDevice.serve(["--tcp", "127.0.0.1:0", "--units", "1-2"]) { device in
                try await withLink(.tcp(host: "127.0.0.1", port: device.port), timeout: Self.timeout) { link in
                    let signals = try await Signals(device: device, link: link, timeout: Self.timeout)
                    try await signals.expectValues(rounds: 1)
                    try await device.tell("fault \(vector.command) count=1")
                    let begin = ContinuousClock.now
                    let ending = try await signals.read(0)
                    #expect(vector.expected.contains(ending), "\(ending)")
                    // One deadline a request, and a little for a machine that is busy.
                    #expect(ContinuousClock.now - begin < Self.timeout + .milliseconds(150))
                    if case .failed(.linkDown) = ending { try await link.open() }
                    try await signals.expectValues(rounds: 15)
                }
            }
        }

        @Test func `P15, F03: a half-open connection is given up after two questions and made anew`() async throws {
            try await ChaosDevice.serve(["--tcp", "127.0.0.1:0"]) { device in
                try await withLink(.tcp(host: "127.0.0.1", port: device.port), timeout: Self.timeout) { link in
                    let signals = try await Signals(device: device, link: link, timeout: Self.timeout)
                    try await signals.expectValues(rounds: 1)
                    try await device.tell("halfopen")
                    for _ in 0..<2 { #expect(try await signals.read(0) == .failed(.timeout)) }
                    try await signals.expectValues(rounds: 3)
                    #expect(try await device.tell("stats").contains(#""connects": 2"#))
                }
            }
        }

        @Test func `F26: a unit that is silent costs its own timeout, and the other answers in between`() async throws {
            try await ChaosDevice.serve(["--tcp", "127.0.0.1:0", "--units", "1-2"]) { device in
                try await withLink(.tcp(host: "127.0.0.1", port: device.port), timeout: Self.timeout) { link in
                    let signals = try await Signals(device: device, link: link, timeout: Self.timeout)
                    try await device.tell("fault drop unit=2")
                    for _ in 0..<3 {
                        let silent = try await link.ending(of: request(0, 2, unit: 2), timeout: .milliseconds(60))
                        #expect(silent == .failed(.timeout))
                        try await signals.expectValues(rounds: 1)
                    }
                    // The unit between two answers of another is no half-open connection.
                    #expect(try await device.tell("stats").contains(#""connects": 1"#))
                }
            }
        }

        @Test func `F25: while another master holds the only connection, the text says so, and it is ours afterwards`()
            async throws
        {
            try await ChaosDevice.serve(["--tcp", "127.0.0.1:0"]) { device in
                try await device.tell("limit connections=1")
                let endpoint = BusEndpoint.tcp(host: "127.0.0.1", port: device.port)
                try await withLink(endpoint) { other in
                    #expect(try await Signals(device: device, link: other, timeout: Self.timeout).read(0) == Self.value)
                    try await withLink(endpoint) { link in
                        let error = await #expect(throws: BusError.self) {
                            try await link.transact(request(0, 2), timeout: Self.timeout, pause: .zero)
                        }
                        #expect(error?.kind == .refused)
                        #expect(error?.description.contains("another master holds the only connection") == true)
                    }
                }
                try await withLink(endpoint) { link in
                    let signals = try await Signals(device: device, link: link, timeout: Self.timeout)
                    try await signals.waitUntilAnswered()
                    try await signals.expectValues(rounds: 1)
                }
            }
        }

        @Test func `F32: a device that restarts is refused, then slow, and its counters are read as they are`()
            async throws
        {
            try await ChaosDevice.serve(["--tcp", "127.0.0.1:0"]) { device in
                try await withLink(.tcp(host: "127.0.0.1", port: device.port), timeout: Self.timeout) { link in
                    let signals = try await Signals(device: device, link: link, timeout: Self.timeout)
                    try await signals.expectValues(rounds: 1)
                    try await device.tell("reboot for=0.3")
                    guard case .failed(let kind) = try await signals.read(0) else {
                        Issue.record("a device that is off answered")
                        return
                    }
                    #expect([.linkDown(errno: 32), .linkDown(errno: 104), .refused].contains(kind))
                    let error = await #expect(throws: BusError.self) { try await link.open() }
                    #expect(error?.kind == .refused)
                    try await device.tell("fault delay ms=150 for=0.6")
                    try await signals.waitUntilReached()
                    let words = try await link.ending(of: request(2, 2), timeout: Self.timeout)
                    #expect(words == .words([0, 0]) || words == .words([0, 1]))
                }
            }
        }

        @Test func `P16, F29: a device that closes an idle connection is no fault`() async throws {
            try await ChaosDevice.serve(["--tcp", "127.0.0.1:0"]) { device in
                try await withLink(.tcp(host: "127.0.0.1", port: device.port), timeout: Self.timeout) { link in
                    let signals = try await Signals(device: device, link: link, timeout: Self.timeout)
                    try await signals.expectValues(rounds: 1)
                    try await device.tell("cut")
                    // The idle time itself is what is tested.
                    try await ContinuousClock().sleep(for: .milliseconds(120))
                    try await signals.expectValues(rounds: 2)
                }
            }
        }

        @Test func `F01, P08: connecting to a silent host ends at its deadline`() async throws {
            try await ChaosDevice.serve(["--tcp", "127.0.0.1:0"]) { device in
                try await device.tell("blackhole")
                let link = try ModbusBus.link(
                    for: settings(.tcp(host: "127.0.0.1", port: device.port), timeout: Self.timeout), clock: wallClock)
                let begin = ContinuousClock.now
                let error = await #expect(throws: BusError.self) { try await link.open() }
                #expect(error?.kind == .linkDown(errno: 110))
                #expect(ContinuousClock.now - begin < Self.timeout + .milliseconds(150))
                try await device.tell("accept")
                try await link.open()
                let signals = try await Signals(device: device, link: link, timeout: Self.timeout)
                try await signals.expectValues(rounds: 2)
                await link.close()
            }
        }

        @Test func `faults of every kind for three seconds: no bad frame is ever believed`() async throws {
            try await ChaosDevice.serve(["--tcp", "127.0.0.1:0", "--seed", "7"]) { device in
                try await withLink(.tcp(host: "127.0.0.1", port: device.port), timeout: .milliseconds(60)) { link in
                    let signals = try await Signals(device: device, link: link, timeout: .milliseconds(60))
                    for fault in [
                        "late ms=80", "duplicate ms=1", "wrong_tid", "garbage n=11", "truncated", "stale_first",
                        "wrong_unit",
                        "length_lie add=3", "length_lie add=-3", "short", "long", "byte_count", "disconnect_mid",
                        "delay ms=90", "drip ms=3",
                    ] { try await device.tell("fault \(fault) prob=0.04 for=3") }
                    try await signals.expectNothingWrong(for: .seconds(3))
                    try await device.tell("clear")
                    if case .failed(.linkDown) = try await signals.read(0) { try await link.open() }
                    _ = try await signals.read(0)
                    try await signals.expectValues(rounds: 10)
                }
            }
        }
    }
}
