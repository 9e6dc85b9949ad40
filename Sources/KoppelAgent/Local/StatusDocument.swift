package import KoppelCore
internal import KoppelModbus

/// How it is with a running agent: what `koppel status` shows, and with `--json` writes.
///
/// Bounded by the site: one entry a bus, unit and destination, and at most ``mostProblems`` problems and
/// ``mostLearned`` learned facts.
package struct StatusDocument: Codable, Hashable, Sendable {
    static let mostProblems = 200
    static let mostLearned = 1_000

    package struct Agent: Codable, Hashable, Sendable {
        package var id: String
        package var version: String
        package var process: Int32
        package var since: Moment
        /// `synchronised`, `holdover` or `unsynchronised`; `isolated` where the site file says that nobody vouches for it.
        package var clock: String
        package var clockErrorMs: Double?
        package var memoryBytes: Int?
        /// Log lines since it began: an agent that logs edges and not levels has few (field rule P85).
        package var logLines: UInt64
    }

    package struct Bus: Codable, Hashable, Sendable {
        package var id: String
        package var url: String
        /// `open`, `closed`, `stuck` in a call, `waiting` before the first look, or `unused` without machines.
        package var state: String
        /// When it was opened or closed last.
        package var since: Moment?
        package var failures: UInt64
        package var lastError: String?
        package var lastErrorAt: Moment?
        /// Part of the bus time that requests take: planned, and as measured over the last seconds.
        package var plannedLoad: Double
        package var load: Double?
        /// What a serial line let hear beside good answers, since the agent began; `nil` if nothing.
        package var heard: Heard?
        package var ring: Ring
        package var units: [Unit]
    }

    /// What is wrong with a serial line, counted (faults R04 to R09).
    package struct Heard: Codable, Hashable, Sendable {
        /// Frames that are neither a question nor an answer of ours: a second master, or a wrong unit id.
        package var foreignFrames: UInt64
        /// Answers refused: broken, cut, or from another unit.
        package var damaged: UInt64
        /// Answers nobody waited for any more: late ones and doubles.
        package var strayAnswers: UInt64
        /// Our own questions, heard back and taken out.
        package var echoes: UInt64

        init?(_ counters: LinkCounters) {
            (foreignFrames, damaged) = (counters.foreignFrames, counters.damaged)
            (strayAnswers, echoes) = (counters.strayAnswers, counters.echoes)
            if foreignFrames == 0, damaged == 0, strayAnswers == 0, echoes == 0 { return nil }
        }
    }

    /// The frames kept of a bus.
    package struct Ring: Codable, Hashable, Sendable {
        package var bytes: Int
        package var limitBytes: Int
    }

    package struct Unit: Codable, Hashable, Sendable {
        package var unit: UInt8
        package var machines: [String]
        /// Those of them that the site file says are simulated; `nil` if none is.
        package var simulated: [String]?
        /// As ``UnitFigures/State``: `waiting`, `answering`, `silent`, `never-answered`, `over-share`.
        package var state: String
        package var since: Moment?
        package var requests: UInt64
        package var answers: UInt64
        package var timeouts: UInt64
        package var badFrames: UInt64
        package var exceptions: UInt64
        package var missedSlots: UInt64
        package var load: Double
        package var medianMs: Double?
        package var p999Ms: Double?
        package var timeoutMs: Double
        /// How much of the timeout the slowest answers leave, 0 to 1, as in the commissioning report.
        package var headroom: Double?
        package var lastError: String?
        package var lastErrorAt: Moment?
        /// Where its SunSpec models lie, if a machine of it asks for them and they were found.
        package var sunspec: ModelChain?
        /// Why those are not the models that a machine reads.
        package var layoutTrouble: String?
    }

    package struct Learned: Codable, Hashable, Sendable {
        package var bus: String
        package var unit: UInt8
        /// In words, with table and addresses.
        package var fact: String
        package var since: Moment
        package var until: Moment
    }

    package struct Destination: Codable, Hashable, Sendable {
        package var id: String
        package var url: String
        /// `connected`, `away`, `waiting` for its primary host, `stuck` in a call, or `not-served` if it stays closed.
        package var state: String
        package var since: Moment?
        package var failures: UInt64
        package var lastError: String?
        package var backlog: UInt64?
        package var oldest: Moment?
        package var counted: Moment?
        package var catchUpSeconds: Double?
        package var lastAcknowledged: Moment?
        package var refused: UInt64
        /// The last reason code a message was refused with, and when.
        package var lastRefusal: UInt8?
        package var lastRefused: Moment?
        /// The topic of the last latest value, descriptor or status that was refused.
        package var refusedTopic: String?
        package var quarantined: UInt64
        /// The host application without which nothing is sent, while it is not there.
        package var awaitedHost: String?
    }

    package struct Journal: Codable, Hashable, Sendable {
        package var bytes: Int
        package var limitBytes: Int
        package var oldest: Moment?
        package var dropped: UInt64
        package var readingsPerSecond: Double?
        /// How long the room that is left lasts when no destination takes anything (field rule P65).
        package var hoursLeft: Double?
        /// What storing writes to the disk, the journal's own book-keeping included (fault S10).
        package var writtenBytesPerReading: Double?
        package var writtenBytesPerDay: Double?
        package var counted: Moment
    }

    /// The local socket itself.
    package struct Local: Codable, Hashable, Sendable {
        package var served: UInt64
        package var refused: UInt64
        package var cutOff: UInt64
    }

    package var now: Moment
    package var agent: Agent
    package var buses: [Bus]
    package var learned: [Learned]
    package var destinations: [Destination]
    package var journal: Journal?
    /// Why readings cannot be stored at this moment.
    package var notStored: String?
    package var local: Local
    /// What a person has to look at, the gravest first; empty if all is well.
    package var problems: [String] = []
}

/// A moment in UTC, written as ISO 8601 to the microsecond.
package struct Moment: Codable, Hashable, Sendable {
    package var timestamp: Timestamp

    package init(_ timestamp: Timestamp) { self.timestamp = timestamp }

    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let timestamp = Timestamp(isoText: text[...]) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "`\(text)` is no moment"))
        }
        self.timestamp = timestamp
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(timestamp.isoText)
    }
}
