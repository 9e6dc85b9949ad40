import KoppelCore
import KoppelMQTT
import KoppelTestKit
import Testing

/// What a bad network does to the link. Each test puts `mqtt_chaos.py` between link and broker.
@Suite(
    .serialized, .timeLimit(.minutes(5)), .enabled(if: Broker.isInstalled, "mosquitto is not installed"),
    .enabled(if: FaultPrograms.folder != nil, "the fault programs are not here: set KOPPEL_FAULTS"))
struct BadNetworkTests {
    @Test func `P69: a connection that breaks publishes the will, and the link comes back`() async throws {
        try await withNetwork { network, broker in
            let will = message("offline", topic: "will/a", retain: true)
            try await withLink(try link(network), will: will) { events in
                try await events.connected()
                try await network.tell("cut")
                let error = try await events.disconnected()
                #expect(error.kind == .connectionLost)
                let found = try await broker.messages(1, on: "will/#")
                #expect(found == ["will/a 1 offline"])
                try await events.connected()
            }
        }
    }

    @Test func `U02: a flapping broker is not stormed`() async throws {
        try await withNetwork { network, _ in
            let timing = MQTTTiming(firstPause: .milliseconds(200), longestPause: .seconds(1))
            try await withLink(MQTTLink(settings: try settings(port: network.port), timing: timing)) { events in
                try await events.connected()
                let begin = ContinuousClock.now
                for _ in 0..<4 {
                    try await network.tell("cut")
                    _ = try await events.disconnected()
                    try await events.connected()
                }
                // 0.2 + 0.4 + 0.8 + 1 s, at least half of each: a connection that does not last resets nothing.
                #expect(ContinuousClock.now - begin > .milliseconds(1_200))
            }
        }
    }

    @Test func `U05: a lost acknowledgement on a live connection ends it within its time`() async throws {
        try await withNetwork(["fault drop type=PUBACK count=1"]) { network, _ in
            let link = try link(network)
            try await withLink(link) { events in
                try await events.connected()
                let begin = ContinuousClock.now
                let lost = try await link.publish(message("first"))
                // Others go on, and do not keep the first one alive.
                for number in 0..<3 {
                    let token = try await link.publish(message("\(number)"))
                    #expect(token != lost)
                    try await events.acknowledged(token)
                }
                let error = try await events.disconnected()
                #expect(error.kind == .timeout)
                #expect(ContinuousClock.now - begin < .seconds(3))
                try await events.connected()
                try await events.acknowledged(try await link.publish(message("first")))
            }
        }
    }

    @Test func `U07: an acknowledgement that comes twice counts once`() async throws {
        try await withNetwork(["fault repeat type=PUBACK"]) { network, _ in
            let link = try link(network)
            try await withLink(link) { events in
                try await events.connected()
                for number in 0..<5 {
                    let token = try await link.publish(message("\(number)"))
                    guard case .acknowledged(token) = try await events.next() else {
                        Issue.record("something else came before the acknowledgement")
                        return
                    }
                }
            }
        }
    }

    @Test func `U18: a thin line is no fault`() async throws {
        try await withNetwork(["throttle bps=200000"]) { network, _ in
            let link = try link(network)
            try await withLink(link) { events in
                try await events.connected()
                // 600 kB in flight take three seconds; an acknowledgement has to come within one.
                let text = String(repeating: "x", count: 50_000)
                for _ in 0..<12 { _ = try await link.publish(message(text)) }
                for _ in 0..<12 {
                    guard case .acknowledged = try await events.next() else {
                        Issue.record("the link gave up")
                        return
                    }
                }
            }
        }
    }

    @Test(arguments: ["chunk n=1", "delay ms=50 jitter=40"])
    func `U06, U22: bytes that come one by one or late are all the same`(_ command: String) async throws {
        try await withNetwork([command]) { network, broker in
            let link = try link(network)
            try await withLink(link) { events in
                try await events.connected()
                let text = String(repeating: "abc", count: 100)
                try await events.acknowledged(try await link.publish(message(text, retain: true)))
                let found = try await broker.messages(1, on: "test/#", format: "%p")
                #expect(found == [text])
            }
        }
    }

    @Test func `U26: a broker that stops reading meets back-pressure, and everything arrives when it reads again`()
        async throws
    {
        try await withNetwork { network, _ in
            let timing = MQTTTiming(connectTimeout: .seconds(3), acknowledgementTimeout: .seconds(30))
            let link = MQTTLink(settings: try settings(port: network.port), timing: timing)
            try await withLink(link) { events in
                try await events.connected()
                try await network.tell("stall dir=up")
                let text = String(repeating: "x", count: 500_000)
                // As many as a window has: more than the sockets on the way take.
                for _ in 0..<20 { _ = try await link.publish(message(text)) }
                try await network.tell("resume")
                for _ in 0..<20 {
                    guard case .acknowledged = try await events.next() else {
                        Issue.record("the link gave up")
                        return
                    }
                }
            }
        }
    }

    @Test func `U23: a corrupt acknowledgement is not believed`() async throws {
        try await withNetwork(["fault corrupt type=PUBACK count=3"]) { network, _ in
            let link = try link(network)
            try await withLink(link) { events in
                try await events.connected()
                var arrived = false
                for _ in 0..<4 where !arrived {
                    let token = try await link.publish(message("hello"))
                    switch try await events.next() {
                    case .acknowledged(let other), .refused(let other, _):
                        #expect(other == token)
                        arrived = true
                    case .disconnected: try await events.connected()
                    case .connected, .received: Issue.record("connected twice, or got something")
                    }
                }
                #expect(arrived)
            }
        }
    }

    @Test func `U21: a captive portal is called by its name`() async throws {
        try await withNetwork(["captive"]) { network, _ in
            try await withLink(try link(network)) { events in
                let error = try await events.disconnected()
                #expect(error.kind == .protocolViolation)
                #expect(error.description.contains("answered with HTTP"))
                try await network.tell("uncaptive")
                try await events.connected()
            }
        }
    }

    @Test func `U04, P70: a connect that hangs is given up, and does not delay the stop`() async throws {
        try await withNetwork(["blackhole"]) { network, _ in
            let timing = MQTTTiming(connectTimeout: .seconds(1), firstPause: .milliseconds(20))
            let begin = ContinuousClock.now
            let end = try await withLink(MQTTLink(settings: try settings(port: network.port), timing: timing)) {
                events in
                let error = try await events.disconnected()
                #expect(error.kind == .timeout)
                #expect(ContinuousClock.now - begin < .seconds(2))
                return ContinuousClock.now
            }
            #expect(ContinuousClock.now - end < .milliseconds(300))
        }
    }

    @Test func `T09: a TLS handshake that stalls is given up`() async throws {
        try await withNetwork(["stall"]) { network, _ in
            let timing = MQTTTiming(connectTimeout: .seconds(1))
            let settings = try settings(port: network.port, tls: TLSSettings())
            try await withLink(MQTTLink(settings: settings, timing: timing)) { events in
                let error = try await events.disconnected()
                #expect(error.kind == .timeout)
            }
        }
    }

    @Test func `a stop waits for the connection at most its bound`() async throws {
        try await withNetwork { network, _ in
            let link = try link(network)
            let end = try await withLink(link) { events in
                try await events.connected()
                try await network.tell("stall")
                // More than the buffers on the way take, so that DISCONNECT cannot be written.
                let text = String(repeating: "x", count: 1_000_000)
                for _ in 0..<30 { _ = try await link.publish(message(text)) }
                return ContinuousClock.now
            }
            #expect(ContinuousClock.now - end < .milliseconds(1_500))
        }
    }

    private func link(_ network: FaultProgram) throws -> MQTTLink {
        MQTTLink(settings: try settings(port: network.port), timing: .quick)
    }
}

/// Takes eight seconds, so it runs beside the others.
@Suite(
    .timeLimit(.minutes(5)), .enabled(if: Broker.isInstalled, "mosquitto is not installed"),
    .enabled(if: FaultPrograms.folder != nil, "the fault programs are not here: set KOPPEL_FAULTS"))
struct HalfOpenTests {
    @Test func `U03, P73: an idle half-open connection is noticed within one and a half keepalive`() async throws {
        try await withNetwork { network, _ in
            let settings = try settings(port: network.port, keepalive: .seconds(5))
            try await withLink(MQTTLink(settings: settings, timing: .quick)) { events in
                try await events.connected()
                try await network.tell("halfopen")
                let begin = ContinuousClock.now
                let error = try await events.disconnected()
                #expect(error.kind == .timeout)
                #expect(ContinuousClock.now - begin < .seconds(9))
                try await events.connected()
            }
        }
    }

    @Test func `an idle connection stays open by its pings`() async throws {
        try await withBroker { broker in
            let link = MQTTLink(settings: try settings(port: broker.port, keepalive: .seconds(5)), timing: .quick)
            try await withLink(link) { events in
                try await events.connected()
                // The broker would end it after 7.5 s. This is the wait under test, not a wait for luck.
                try await ContinuousClock().sleep(for: .seconds(9))
                let token = try await link.publish(message("hello"))
                guard case .acknowledged(token) = try await events.next() else {
                    Issue.record("the connection did not last")
                    return
                }
            }
        }
    }
}

private func withNetwork(
    _ commands: [String] = [], body: (FaultProgram, Broker) async throws -> Void
) async throws {
    try await withBroker { broker in
        try await withMQTTChaos(upstream: broker.port, commands: commands) { try await body($0, broker) }
    }
}
