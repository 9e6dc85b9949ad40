import KoppelCore
import KoppelEngine
import KoppelTestKit

/// Policies, machines and records of a test. Times are in seconds from 2026-11-20T00:00:00Z.
enum SharingBench {
    static let start: Int64 = 1_795_132_800

    static func at(_ seconds: Double) -> Timestamp {
        Timestamp(nanoseconds: start * 1_000_000_000 + Int64(seconds * 1e9))
    }

    static func policy(
        classes: Set<SharingPolicy.TopicClass> = [.meta, .batch], include: [String] = ["electrical/active-power"],
        exclude: [String] = [], window: Duration? = .seconds(10),
        functions: [SharingPolicy.Function] = [.mean, .max, .count], digits: Int? = nil,
        pseudonymise: Set<SharingPolicy.Pseudonym> = [.machine, .area, .line, .cell, .nameplate], rate: Int? = nil,
        from: Double = -3_600, until: Double = 86_400, violation: SharingPolicy.OnViolation = .dropAndAudit
    ) -> SharingPolicy {
        SharingPolicy(
            path: "hub.yaml", id: "urn:uuid:e2b7f0a4-3f6e-4a27-9b43-0a6e9d0c1f77", version: 3, destination: "hub",
            kind: .hub,
            party: "did:web:hub.example", purposes: ["https://koppel.example/cdm/1/vocab#energyBenchmark"],
            dataset: "urn:uuid:91d0a9b2-6c3f-4d3c-8f5b-1b9a0e7c4d20", agreement: nil,
            enforcement: SharingPolicy.Enforcement(
                classes: classes, include: include.compactMap { SignalPattern($0) },
                exclude: exclude.compactMap { SignalPattern($0) },
                resolution: window.map {
                    SharingPolicy.Resolution(window: $0, functions: functions, minimumGoodFraction: 0.8)
                }, significantDigits: digits, pseudonymise: pseudonymise, maximumMessagesPerHour: rate,
                validFrom: at(from), validUntil: at(until), onViolation: violation),
            canonical: "{}")
    }

    static let names = ["electrical/active-power", "electrical/voltage", "production/parts"]

    static func machine(_ number: Int = 0, names: [String] = names) -> MachineDescription {
        let id = Identifier("press-\(number)")
        let levels = [("Enterprise", "acme"), ("Site", "dordrecht"), ("Area", "hal-2"), ("ProductionLine", "lijn-1")]
        let location = levels.compactMap { level, id in Identifier(id).map { LocationLevel(level: level, id: $0) } }
        return MachineDescription(
            number: MachineNumber(rawValue: number), id: id ?? identifier("x"),
            urn: "urn:uuid:00000000-0000-4000-8000-00000000000\(number)", rev: 12, issued: at(0),
            title: ["en": "Secret press"],
            location: location + [LocationLevel(level: "EquipmentModule", id: id ?? identifier("x"))],
            nameplate: Nameplate(manufacturer: "Acme", model: "Press", serialNumber: "24051234", assetTag: "E-0417"),
            fieldProtocol: .tcp, profile: identifier("acme-press"), profileVersion: "1.0.0",
            signals: names.enumerated().compactMap { index, text in
                SignalName(text).map { name in
                    SignalDescription(
                        number: SignalNumber(rawValue: UInt16(index)), name: name, label: ["en": "Secret label"],
                        kind: .measurement, unit: UnitOfMeasure(ucum: "W"), dataType: .float, interval: .seconds(1),
                        staleAfter: .seconds(3), badAfter: .seconds(30))
                }
            }, hasState: true, alarms: [identifier("hot"), identifier("kpl-stale")])
    }

    static func identifier(_ text: String) -> Identifier {
        guard let identifier = Identifier(text) else { preconditionFailure("\(text) is no id") }
        return identifier
    }

    static func view(_ policy: SharingPolicy, machines: [MachineDescription] = [machine()]) -> SharedView {
        var random = SeededGenerator(seed: 7)
        var identities = SharedIdentities(party: policy.party, using: &random)
        return SharedView(
            policy: policy,
            machines: machines.compactMap {
                SharedMachine($0, by: policy, name: identities.name(of: $0.urn, using: &random))
            })
    }

    static func reading(
        _ signal: UInt16 = 0, at time: Double, _ value: Double?, _ condition: Condition = .good, seq: UInt64 = 1
    ) -> Reading {
        Reading(
            signal: SignalNumber(rawValue: signal), condition: condition, seq: seq, time: at(time),
            value: value.map { .double($0) })
    }

    static func record(
        _ position: Int64, machine: Int = 0, _ readings: [Reading], gaps: [Gap] = [], occurrences: [Occurrence] = []
    ) -> StoredRecord {
        StoredRecord(
            position: JournalPosition(rawValue: position), epoch: 7,
            record: SweepRecord(
                machine: MachineNumber(rawValue: machine), rev: 12, clock: .synchronised, readings: readings,
                gaps: gaps,
                occurrences: occurrences))
    }

    static func gap(_ signal: UInt16 = 0, from: Double, to: Double, lost: UInt64 = 5) -> Gap {
        Gap(signal: SignalNumber(rawValue: signal), from: at(from), to: at(to), lost: lost, reason: .agentCrashed)
    }
}
