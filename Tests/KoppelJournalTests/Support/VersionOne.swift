import KoppelCore

/// A journal as version 1 of the file stores it. Never changed: it is what is out there.
enum VersionOne {
    static let record = SweepRecord(
        machine: MachineNumber(rawValue: 0), rev: 1, clock: .synchronised,
        readings: [
            Sample.reading(0, seq: 13, .uint(100), seconds: 13), Sample.reading(1, seq: 13, .float(12.5), seconds: 13),
            Sample.reading(2, seq: 13, nil, seconds: 13),
        ],
        gaps: [
            Gap(
                signal: SignalNumber(rawValue: 2), from: Sample.time(1), to: Sample.time(4), lost: 300,
                reason: .slotMissed)
        ])

    /// The payload of ``record`` at position 9, in epoch 3.
    static let payload =
        "7050c124f65e60b6010003010301000100030d00000200021001038088eab4c9e8a690"
        + "31010664010a0000484101000280a8de80f0e7a6903180f882ad16ac0203"

    static let database = """
        CREATE TABLE state (
            id INTEGER PRIMARY KEY CHECK (id = 1), epoch INTEGER NOT NULL, boot TEXT NOT NULL,
            durable INTEGER NOT NULL, last_end INTEGER NOT NULL, set_aside TEXT NOT NULL, last_alive INTEGER,
            through INTEGER NOT NULL, records INTEGER NOT NULL, readings INTEGER NOT NULL, dropped INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE records (
            position INTEGER PRIMARY KEY, machine INTEGER NOT NULL, first_time INTEGER NOT NULL,
            last_time INTEGER NOT NULL, readings INTEGER NOT NULL, payload BLOB NOT NULL
        ) STRICT;
        CREATE TABLE memories (
            machine INTEGER PRIMARY KEY, sequences BLOB NOT NULL, newest_values BLOB NOT NULL
        ) STRICT;
        CREATE TABLE destinations (id TEXT PRIMARY KEY, position INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        CREATE TABLE identity (key TEXT PRIMARY KEY, line TEXT NOT NULL) STRICT, WITHOUT ROWID;
        PRAGMA user_version = 1;
        INSERT INTO state VALUES (1, 3, 'boot-1', 1, 1, '', 1770000000000000000, 8, 0, 0, 0);
        INSERT INTO destinations VALUES ('plant', 0);
        INSERT INTO identity VALUES ('agent', '\(agent)');
        INSERT INTO identity VALUES ('machine/0', '\(machine)');
        INSERT INTO records VALUES (9, 0, 1770000013000000000, 1770000013000000000, 3, x'\(payload)');
        """

    private static let agent = """
        5a73c8d5ca2315d6 {"agent":{"epoch":3,"urn":"urn:uuid:00000000-0000-4000-8000-000000000001"}}
        """
    private static let machine = """
        6be17092844a27de {"machine":{"fingerprint":"f1","id":"press","issued":1770000000000000000,"number":0,"rev":1,\
        "signals":["values/s0","values/s1","values/s2"],"urn":"urn:uuid:00000000-0000-4000-8000-000000000002"}}
        """
}
