internal import GRDB
internal import KoppelCore

/// The tables of the journal, and how an older file becomes the newest version.
enum Schema {
    /// `PRAGMA user_version` of the newest version; `migrations` has one step for each.
    static let version = migrations.count

    /// Step n makes version n out of version n - 1, in one transaction with the others. Steps are never changed once
    /// released, only added.
    private static let migrations = [
        """
        CREATE TABLE state (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            epoch INTEGER NOT NULL,
            boot TEXT NOT NULL,
            durable INTEGER NOT NULL,
            last_end INTEGER NOT NULL,
            set_aside TEXT NOT NULL,
            last_alive INTEGER,
            through INTEGER NOT NULL,
            records INTEGER NOT NULL,
            readings INTEGER NOT NULL,
            dropped INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE records (
            position INTEGER PRIMARY KEY,
            machine INTEGER NOT NULL,
            first_time INTEGER NOT NULL,
            last_time INTEGER NOT NULL,
            readings INTEGER NOT NULL,
            payload BLOB NOT NULL
        ) STRICT;
        CREATE TABLE memories (
            machine INTEGER PRIMARY KEY,
            sequences BLOB NOT NULL,
            newest_values BLOB NOT NULL
        ) STRICT;
        CREATE TABLE destinations (
            id TEXT PRIMARY KEY,
            position INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE identity (
            key TEXT PRIMARY KEY,
            line TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        """,
        // Times since boot and of the journal's age are in nanoseconds; period 0 is what version 1 stored.
        """
        CREATE TABLE periods (
            number INTEGER PRIMARY KEY,
            boot TEXT NOT NULL,
            wall_offset INTEGER NOT NULL,
            true_offset INTEGER,
            began INTEGER NOT NULL,
            aged INTEGER NOT NULL
        ) STRICT;
        ALTER TABLE records ADD COLUMN period INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE state ADD COLUMN alive_period INTEGER NOT NULL DEFAULT 0;
        """,
        // `done` is how many readings of the file a destination has; NULL where version 2 left it to be counted.
        """
        CREATE TABLE descriptions (
            machine INTEGER NOT NULL,
            rev INTEGER NOT NULL,
            content TEXT NOT NULL,
            PRIMARY KEY (machine, rev)
        ) STRICT, WITHOUT ROWID;
        ALTER TABLE destinations ADD COLUMN done INTEGER;
        """,
    ]

    /// - Throws: `.newer` if the file was written by a newer version; it is left as it is.
    static func migrate(_ db: Database, at path: String) throws {
        let found = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        guard found <= version else { throw newer(found, at: path) }
        guard found < version else { return }
        try db.inTransaction(.immediate) {
            for step in migrations[found...] { try db.execute(sql: step) }
            try db.execute(sql: "PRAGMA user_version = \(version)")
            return .commit
        }
    }

    /// For those who only look: an older file becomes the newest version when an agent opens it.
    static func checkVersion(_ db: Database, at path: String) throws {
        let found = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        guard found <= version else { throw newer(found, at: path) }
        guard found == version else {
            throw JournalError(
                kind: .other, path: path,
                description: "\(path): written by an older Koppel (version \(found) of the file; this one reads "
                    + "version \(version)). Start the agent once: it brings the file up to date and keeps all that "
                    + "is in it.")
        }
    }

    static func newer(_ found: Int, at path: String) -> JournalError {
        JournalError(
            kind: .newer(found), path: path,
            description: "\(path): written by a newer Koppel (version \(found) of the file; this one knows up to "
                + "\(version)). Nothing was changed. Install the newer Koppel again, or give this one another folder.")
    }
}
