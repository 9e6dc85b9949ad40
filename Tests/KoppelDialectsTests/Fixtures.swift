import KoppelCore

/// A fixed small plant, after the examples of the data model.
enum Fixtures {
    static let plant = [
        LocationLevel(level: "Enterprise", id: id("acme"), name: "Acme Metaal BV"),
        LocationLevel(level: "Site", id: id("dordrecht"), name: "Fabriek Dordrecht"),
    ]

    static let agent = AgentDescription(
        id: id("box-1"), urn: "urn:uuid:0b9a3c52-7a1c-4f57-8d65-1f0f5a2c7e31", version: "1.0.0", location: plant)

    static let session = "urn:uuid:01955600-2b7e-7cc3-9f21-6a4d0e5b8c10"

    /// 2026-03-02T08:15:30.120000000Z
    static let moment = Timestamp(nanoseconds: 1_772_439_330_120_000_000)

    static let status = AgentStatus(
        session: session, since: Timestamp(nanoseconds: 1_772_431_203_000_000_000), clock: .synchronised,
        clockErrorMilliseconds: 4.5)

    /// The data model's energy meter: signals 0 and 1, and 3, since 2 was retired.
    static let meter = MachineDescription(
        number: MachineNumber(rawValue: 0), id: id("meter-01"), urn: "urn:uuid:6f1d2a64-0f3b-4c0e-9a53-2f3f6f7f0a11",
        rev: 12, issued: Timestamp(nanoseconds: 1_772_431_204_000_000_000),
        title: ["nl": "kWh-meter freesbank 3", "en": "Energy meter milling machine 3"],
        location: plant + [
            LocationLevel(level: "Area", id: id("hal-2")),
            LocationLevel(level: "ProductionLine", id: id("lijn-1")),
            LocationLevel(level: "EquipmentModule", id: id("meter-01")),
        ],
        nameplate: Nameplate(
            manufacturer: "Eastron", model: "SDM120-Modbus", serialNumber: "24051234", productCode: "SDM120M",
            yearOfConstruction: "2024", assetTag: "E-0417"),
        fieldProtocol: .tcp, profile: id("eastron-sdm120"), profileVersion: "1.0.0",
        signals: [
            SignalDescription(
                number: SignalNumber(rawValue: 0), name: name("electrical/voltage"),
                label: ["nl": "Spanning L-N", "en": "Line to neutral voltage"], kind: .measurement,
                quantityKind: "http://qudt.org/vocab/quantitykind/Voltage", unit: UnitOfMeasure(ucum: "V"),
                dataType: .float, semanticIDs: ["http://qudt.org/vocab/quantitykind/Voltage"], mtconnect: "VOLTAGE_AC",
                range: Band(low: 207, high: 253), limits: Band(low: 0, high: 500), interval: .seconds(1),
                staleAfter: .seconds(3), badAfter: .seconds(30), deadband: 0.1),
            SignalDescription(
                number: SignalNumber(rawValue: 1), name: name("electrical/active-power"), kind: .measurement,
                unit: UnitOfMeasure(ucum: "W"), dataType: .float, interval: .milliseconds(2), staleAfter: .seconds(3),
                badAfter: .seconds(30)),
            SignalDescription(
                number: SignalNumber(rawValue: 3), name: name("energy/import"), kind: .counter,
                unit: UnitOfMeasure(ucum: "kW.h"), dataType: .double,
                counter: CounterRule(modulus: nil, reset: .never, maxRatePerSecond: 0.05, counts: .energy),
                interval: .seconds(10), staleAfter: .seconds(30), badAfter: .seconds(100)),
        ])

    /// A press with every type of value, described only as far as it must be.
    static let press = MachineDescription(
        number: MachineNumber(rawValue: 1), id: id("press-2"), urn: "urn:uuid:2c4f7c1e-91ad-4d0f-b2b7-64f3a9d9f0c4",
        rev: 1, issued: moment, title: [:],
        location: plant + [LocationLevel(level: "WorkUnit", id: id("press-2"), name: "Pers \"2\" \\ oud")],
        nameplate: Nameplate(manufacturer: "Zelfbouw", model: "Pers"), fieldProtocol: .rtu, profile: id("own-press"),
        profileVersion: "0.1.0",
        signals: [
            SignalDescription(
                number: SignalNumber(rawValue: 0), name: name("status/running"), kind: .event, dataType: .boolean,
                interval: .seconds(1), staleAfter: .seconds(3), badAfter: .seconds(30)),
            SignalDescription(
                number: SignalNumber(rawValue: 1), name: name("status/mode"), kind: .state, dataType: .uint16,
                enumeration: [10: "ten", -1: "minus one", 2: "tw\u{00F6}"], interval: .seconds(1),
                staleAfter: .seconds(3), badAfter: .seconds(30)),
            SignalDescription(
                number: SignalNumber(rawValue: 2), name: name("counters/strokes"), kind: .counter,
                unit: UnitOfMeasure(ucum: "{#}"), dataType: .uint64,
                counter: CounterRule(modulus: 65_536, reset: .powerCycle, maxRatePerSecond: 10, counts: .all),
                interval: .seconds(1), staleAfter: .seconds(3), badAfter: .seconds(30)),
            SignalDescription(
                number: SignalNumber(rawValue: 3), name: name("plate/serial"), kind: .text, dataType: .string,
                interval: .seconds(60), staleAfter: .seconds(180), badAfter: .seconds(600)),
            SignalDescription(
                number: SignalNumber(rawValue: 4), name: name("motion/position"), kind: .measurement,
                quantityKind: "Height", unit: UnitOfMeasure(ucum: "mm"), dataType: .double, interval: .seconds(1),
                staleAfter: .seconds(3), badAfter: .seconds(30)),
            SignalDescription(
                number: SignalNumber(rawValue: 5), name: name("motion/offset"), kind: .measurement,
                unit: UnitOfMeasure(ucum: "mm"), dataType: .int64, interval: .seconds(1), staleAfter: .seconds(3),
                badAfter: .seconds(30)),
        ])

    static func id(_ text: String) -> Identifier {
        guard let id = Identifier(text) else { preconditionFailure("\(text) is no identifier") }
        return id
    }

    static func name(_ text: String) -> SignalName {
        guard let name = SignalName(text) else { preconditionFailure("\(text) is no signal name") }
        return name
    }

    /// A reading taken `offset` nanoseconds after ``moment``.
    static func reading(
        _ signal: UInt16, seq: UInt64, at offset: Int64 = 0, _ value: Value?, _ condition: Condition = .good
    ) -> Reading {
        Reading(
            signal: SignalNumber(rawValue: signal), condition: condition, seq: seq,
            time: Timestamp(nanoseconds: moment.nanoseconds + offset), value: value)
    }

    static func stored(
        _ readings: [Reading], of machine: MachineDescription = meter, gaps: [Gap] = [], at position: Int64 = 1
    ) -> StoredRecord {
        StoredRecord(
            position: JournalPosition(rawValue: position), epoch: 7,
            record: SweepRecord(
                machine: machine.number, rev: machine.rev, clock: .synchronised, readings: readings, gaps: gaps))
    }
}
