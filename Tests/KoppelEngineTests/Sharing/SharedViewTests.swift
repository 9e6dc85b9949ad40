import KoppelCore
import KoppelEngine
import KoppelTestKit
import Testing

/// What a recipient may see: what is not named is not there.
struct SharedViewTests {
    @Test func `only named signals leave, and machines without one are not there`() throws {
        let policy = SharingBench.policy(include: ["electrical/*"], exclude: ["*/voltage"], window: nil)
        let other = SharingBench.machine(1, names: ["air/pressure"])
        let view = SharingBench.view(policy, machines: [SharingBench.machine(), other])
        #expect(view.all.map(\.description.number.rawValue) == [0])
        #expect(view.all.first?.description.signals.map(\.name.description) == ["electrical/active-power"])
        let seen = view.visible([
            SharingBench.record(1, [SharingBench.reading(0, at: 1, 5), SharingBench.reading(1, at: 1, 230)]),
            SharingBench.record(2, machine: 1, [SharingBench.reading(0, at: 1, 7)]),
            SharingBench.record(3, [SharingBench.reading(1, at: 2, 231)]),
        ])
        #expect(seen.map(\.position.rawValue) == [1])
        #expect(seen.first?.record.readings.map(\.signal.rawValue) == [0])
    }

    @Test func `a gap of a shared signal is not lost when the readings beside it are not shared`() throws {
        let view = SharingBench.view(SharingBench.policy(window: nil))
        let seen = view.visible([
            SharingBench.record(1, [SharingBench.reading(1, at: 1, 230)], gaps: [SharingBench.gap(from: 0, to: 1)]),
            SharingBench.record(2, [SharingBench.reading(0, at: 2, 5)]),
        ])
        #expect(seen.first?.record.gaps.count == 1)
    }

    @Test func `3_17: with pseudonyms nothing names the machine, its place or its maker`() throws {
        let view = SharingBench.view(SharingBench.policy())
        let shared = try #require(view.all.first?.description)
        #expect(shared.location.map(\.id.description).prefix(2) == ["acme", "dordrecht"])
        #expect(shared.location.count == 3)
        #expect(shared.location.last?.id == shared.id)
        #expect(shared.id.description.hasPrefix("p-"))
        #expect(shared.urn != SharingBench.machine().urn)
        #expect(shared.nameplate == Nameplate(manufacturer: "not shared", model: "not shared"))
        #expect(shared.title.isEmpty && shared.hidesSource)
        #expect(shared.signals.filter { !$0.label.isEmpty }.isEmpty)
        #expect(shared.signals.first?.interval == .seconds(10))
    }

    @Test func `what is not to be hidden stays`() throws {
        let view = SharingBench.view(SharingBench.policy(pseudonymise: [.line]))
        let shared = try #require(view.all.first?.description)
        #expect(shared.location.map(\.id.description) == ["acme", "dordrecht", "hal-2", "press-0"])
        #expect(shared.nameplate.serialNumber == "24051234")
        #expect(!shared.hidesSource)
    }

    @Test func `two recipients cannot join what they got, and one keeps its names`() throws {
        var random = SystemRandomNumberGenerator()
        var one = SharedIdentities(party: "did:web:one.example", using: &random)
        var two = SharedIdentities(party: "did:web:two.example", using: &random)
        let machine = SharingBench.machine().urn
        let name = one.name(of: machine, using: &random)
        #expect(name != two.name(of: machine, using: &random))
        #expect(name == one.name(of: machine, using: &random))
        #expect(one.revision(of: machine, fingerprint: "a", now: SharingBench.at(1)).0 == 1)
        #expect(one.revision(of: machine, fingerprint: "a", now: SharingBench.at(2)) == (1, SharingBench.at(1)))
        #expect(one.revision(of: machine, fingerprint: "b", now: SharingBench.at(3)) == (2, SharingBench.at(3)))
    }

    @Test func `alarms, states and counter events tell nothing of signals that are not shared`() throws {
        let view = SharingBench.view(SharingBench.policy(classes: [.event, .state, .alarm], window: nil, digits: 2))
        let machine = try #require(view.all.first)
        let power = SignalName("electrical/active-power")
        let voltage = SignalName("electrical/voltage")
        func alarm(_ code: String, _ signal: SignalName?) -> AlarmChange {
            AlarmChange(
                seq: 1, code: SharingBench.identifier(code), text: [:], level: .warning, severity: 1, isActive: true,
                signal: signal, value: .double(71.49), since: SharingBench.at(1), time: SharingBench.at(1))
        }
        #expect(view.visible(alarm("hot", power), of: machine)?.value == .double(71))
        #expect(view.visible(alarm("hot", voltage), of: machine) == nil)
        #expect(view.visible(alarm("kpl-out-of-limits", nil), of: machine) == nil)
        #expect(view.visible(alarm("kpl-stale", nil), of: machine) != nil)
        let sources = [power, voltage].compactMap { $0 }.map { MachineState.Source(signal: $0, value: .int(6)) }
        let state = MachineState(
            seq: 1, what: .unknown(cause: "x"), basis: .register, sources: sources, since: SharingBench.at(1),
            condition: .good, time: SharingBench.at(1))
        #expect(view.visible(state, of: machine).sources.map(\.signal) == [power])
        let windowed = SharingBench.view(SharingBench.policy(classes: [.event, .state, .alarm]))
        #expect(windowed.visible(state, of: machine).sources.isEmpty)
        #expect(windowed.visible(alarm("hot", power), of: machine)?.value == nil)
    }

    @Test func `readings from before and after the policy's time do not leave`() {
        let view = SharingBench.view(SharingBench.policy(window: nil, from: 10, until: 20))
        let seen = view.visible([
            SharingBench.record(1, [9.9, 10, 19.9, 20].map { SharingBench.reading(at: $0, 1) })
        ])
        #expect(seen.first?.record.readings.map(\.time) == [SharingBench.at(10), SharingBench.at(19.9)])
    }
}
