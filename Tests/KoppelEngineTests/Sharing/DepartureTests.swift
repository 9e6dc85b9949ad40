import Foundation
import KoppelCore
import KoppelTestKit
import Synchronization
import Testing

@testable import KoppelEngine

/// The last look at a message, and what is written down of it.
struct DepartureTests {
    private static let base = "kpl/v1/acme/dordrecht/p-7f3a19/"
    private static let status = "kpl/v1/acme/dordrecht/_agent/a-000001/status"

    private func rules(_ policy: SharingPolicy) -> DepartureRules {
        DepartureRules(policy: policy, bases: [Self.base], statusTopic: Self.status)
    }

    private func message(_ topic: String) -> OutgoingMessage {
        OutgoingMessage(topic: topic, payload: Array("{}".utf8), retain: false, contentType: "application/json")
    }

    @Test func `a topic leaves only if the policy names its machine, class and signal`() {
        var rules = rules(SharingBench.policy(classes: [.meta, .batch, .value], window: nil))
        let base = Self.base
        for topic in [
            Self.status, base + "_meta", base + "_meta/rev/3", base + "_batch", base + "_value/electrical/active-power",
        ] {
            #expect(rules.judge(message(topic), wall: SharingBench.at(0)) == .leaves, "\(topic)")
        }
        for topic in [
            base + "_meta/td", base + "_meta/aas", base + "_state", base + "_event/alarm",
            base + "_value/electrical/voltage",
            "kpl/v1/acme/dordrecht/press-0/_batch", "kpl/v1/acme/dordrecht/p-7f3a1/_batch", base + "_batch/x",
            base + "x/_batch",
            "kpl/v1/acme/dordrecht/_agent/box-1/status", "spBv1.0/acme/NDATA/box-1", "", base + "_wave",
        ] {
            #expect(
                rules.judge(message(topic), wall: SharingBench.at(0)) == .refused(.denied, why: "not-in-policy"),
                "\(topic)")
        }
    }

    @Test func `after one violation a destination may have to stop`() {
        var rules = rules(SharingBench.policy(violation: .stopDestination))
        #expect(rules.judge(message(Self.base + "_batch"), wall: SharingBench.at(0)) == .leaves)
        _ = rules.judge(message("kpl/v1/acme/dordrecht/press-0/_batch"), wall: SharingBench.at(0))
        #expect(
            rules.judge(message(Self.base + "_batch"), wall: SharingBench.at(0))
                == .refused(.denied, why: "destination-stopped"))
    }

    @Test func `nothing leaves before and after the policy's time`() {
        var rules = rules(SharingBench.policy(from: 10, until: 20))
        let topic = Self.base + "_batch"
        #expect(rules.judge(message(topic), wall: SharingBench.at(9.9)) == .refused(.denied, why: "not-yet-valid"))
        #expect(rules.judge(message(topic), wall: SharingBench.at(10)) == .leaves)
        #expect(rules.judge(message(topic), wall: SharingBench.at(20)) == .refused(.expired, why: "policy-expired"))
    }

    /// Keeps lines, and refuses while it is told to.
    private final class Trail: AuditTrail {
        private let held = Mutex((lines: [String](), chain: AuditChain(), isFull: false))
        /// How long before the test messages left.
        let earlier: [Duration]

        init(earlier: [Duration] = []) { self.earlier = earlier }

        var lines: [String] { held.withLock { $0.lines } }
        func fill(_ isFull: Bool) { held.withLock { $0.isFull = isFull } }

        func append(_ entry: AuditEntry) async throws(AuditError) {
            let isFull = held.withLock { held in
                guard !held.isFull else { return true }
                let (line, chain) = held.chain.appending(entry)
                held.lines.append(line)
                held.chain = chain
                return false
            }
            if isFull { throw AuditError("the volume is full") }
        }

        func ages(ofDeparturesTo destination: Identifier, at now: Timestamp, most: Int) async throws(AuditError)
            -> [Duration]
        {
            if held.withLock({ $0.isFull }) { throw AuditError("the volume cannot be read") }
            return Array(earlier.suffix(most))
        }
    }

    private func gate(_ policy: SharingPolicy, _ trail: Trail, _ clock: ManualClock) -> DepartureGate<ManualClock> {
        DepartureGate(
            names: .init(
                agent: "urn:uuid:0b9a3c52-7a1c-4f57-8d65-1f0f5a2c7e31", destination: SharingBench.identifier("hub")),
            policy: policy, rules: rules(policy), trail: trail,
            wallClock: WallClock(now: { SharingBench.at(0) }, state: { .synchronised }), clock: clock)
    }

    @Test func `A12: a message that cannot be written down does not leave, and leaves once it can`() async throws {
        let (trail, clock, link) = (Trail(), ManualClock(), ScriptedUplink())
        let uplink = PolicedUplink(link, gate: gate(SharingBench.policy(), trail, clock))
        trail.fill(true)
        let sending = Task { try await uplink.publish(message(Self.base + "_batch")) }
        #expect(await clock.waitForSleepers())
        #expect(link.messages.isEmpty)
        trail.fill(false)
        clock.advance(by: .seconds(5))
        _ = try? await sending.value  // the scripted link has no connection; what counts is what it was given
        #expect(trail.lines.count >= 1)
        #expect(trail.lines.first?.contains(#""decision":"sent""#) == true)
    }

    @Test func `the policy's number of messages an hour is kept to`() async throws {
        let (trail, clock) = (Trail(), ManualClock())
        let gate = gate(SharingBench.policy(rate: 2), trail, clock)
        #expect(await gate.admits(message(Self.base + "_batch")) == true)
        #expect(await gate.admits(message(Self.base + "_batch")) == true)
        let third = Task { await gate.admits(message(Self.base + "_batch")) }
        #expect(await clock.waitForSleepers())
        #expect(trail.lines.count == 2)
        clock.advance(by: .seconds(3_600))
        #expect(await third.value == true)
        #expect(trail.lines.count == 3)
    }

    @Test func `A12: what left before a restart counts in the policy's hour, so that a crash loop exceeds nothing`()
        async throws
    {
        let (trail, clock) = (Trail(earlier: [.seconds(3_000), .seconds(600)]), ManualClock())
        let gate = gate(SharingBench.policy(rate: 3), trail, clock)
        #expect(await gate.admits(message(Self.base + "_batch")) == true)
        let second = Task { await gate.admits(message(Self.base + "_batch")) }
        #expect(await clock.waitForSleepers())
        #expect(trail.lines.count == 1)
        #expect(clock.nextDeadline == .seconds(600), "the oldest is an hour ago then")
        clock.advance(by: .seconds(600))
        #expect(await second.value == true)
        // A policy that allows less than before waits until so few are left.
        let (strict, later) = (Trail(earlier: [.seconds(3_000), .seconds(600)]), ManualClock())
        let other = self.gate(SharingBench.policy(rate: 1), strict, later)
        let first = Task { await other.admits(message(Self.base + "_batch")) }
        #expect(await later.waitForSleepers())
        #expect(later.nextDeadline == .seconds(3_000))
        first.cancel()
        #expect(await first.value == nil)
    }

    @Test func `A12: as long as the audit log cannot be read, nothing leaves by a policy with a limit`() async throws {
        let (trail, clock) = (Trail(), ManualClock())
        trail.fill(true)
        let gate = gate(SharingBench.policy(rate: 3), trail, clock)
        let first = Task { await gate.admits(message(Self.base + "_batch")) }
        #expect(await clock.waitForSleepers())
        trail.fill(false)
        #expect(trail.lines.isEmpty)
        clock.advance(by: .seconds(5))
        #expect(await first.value == true)
    }

    @Test func `a refusal is written down at once, and then once an hour with its number`() async throws {
        let (trail, clock) = (Trail(), ManualClock())
        let gate = gate(SharingBench.policy(), trail, clock)
        for _ in 0..<5 { #expect(await gate.admits(message("kpl/v1/acme/dordrecht/press-0/_batch")) == false) }
        #expect(trail.lines.count == 1)
        #expect(trail.lines.first?.contains(#""why":"not-in-policy""#) == true)
    }
}
