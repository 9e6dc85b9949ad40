internal import KoppelAgent
internal import KoppelCore

/// What is in a journal, for people and as a document.
struct JournalText {
    let report: JournalReport
    /// The limits of the site file; `nil` if none was given.
    let settings: JournalSettings?

    struct Document: Encodable {
        struct Machine: Encodable {
            var id: String
            var urn: String
            var rev: UInt32
            var signals: Int
        }
        struct Destination: Encodable {
            var id: String
            var cursor: Int64
            var waitingRecords: Int
            var waitingReadings: Int
        }

        var folder: String
        var agent: String
        var epoch: UInt32
        var bytes: Int
        var records: Int
        var readings: Int
        var oldest: String?
        var newest: String?
        var dropped: UInt64
        var lastAlive: String?
        var isStopped: Bool
        var limitBytes: Int?
        var capacityHours: Double?
        var storedBytesPerReading: Double?
        var storedBytesPerDay: Double?
        var machines: [Machine]
        var destinations: [Destination]
    }

    var document: Document {
        Document(
            folder: report.folder, agent: report.agentURN, epoch: report.epoch, bytes: report.state.bytes,
            records: report.state.records, readings: report.state.readings,
            oldest: report.state.oldest?.plainText, newest: report.state.newest?.plainText,
            dropped: report.state.dropped, lastAlive: report.lastAlive?.plainText, isStopped: report.isStopped,
            limitBytes: settings?.limit,
            capacityHours: capacityHours.map { ($0 * 10).rounded() / 10 },
            storedBytesPerReading: report.stored.map { ($0.bytesPerReading * 10).rounded() / 10 },
            storedBytesPerDay: report.stored?.bytesPerDay.rounded(),
            machines: report.machines.map { .init(id: $0.id, urn: $0.urn, rev: $0.rev, signals: $0.signals) },
            destinations: report.destinations.map {
                .init(
                    id: $0.id, cursor: $0.cursor, waitingRecords: $0.waitingRecords,
                    waitingReadings: $0.waitingReadings)
            })
    }

    private var capacityHours: Double? { settings.flatMap(report.capacityHours) }

    func rendered(_ style: TerminalStyle) -> String {
        let state = report.state
        var facts = TextTable([.text("journal"), .text(report.folder)])
        facts.add(["agent", report.agentURN])
        facts.add(["epoch", "\(report.epoch)"])
        facts.add(["size", size])
        facts.add(["records", "\(state.records)"])
        facts.add(["readings", "\(state.readings)"])
        facts.add(["oldest", state.oldest?.plainText ?? "–"])
        facts.add(["newest", state.newest?.plainText ?? "–"])
        facts.add([
            .init("dropped undelivered"), .init("\(state.dropped)", state.dropped > 0 ? .bad : nil),
        ])
        facts.add(["last alive", (report.lastAlive?.plainText ?? "–") + (report.isStopped ? ", stopped in order" : "")])
        if let (bytesPerReading, bytesPerDay) = report.stored {
            facts.add([
                "stored at this rate",
                "\(PlainText.bytes(bytesPerDay)) a day, \(PlainText.bytes(bytesPerReading)) a reading",
            ])
        }
        if settings != nil {
            let hours = capacityHours.map { Duration.seconds($0 * 3_600).plainText }
            facts.add(["capacity at this rate", hours ?? "too few readings to tell"])
        }
        var machines = TextTable([.text("machine"), .number("signals"), .number("rev"), .text("urn")])
        for machine in report.machines {
            machines.add([machine.id, "\(machine.signals)", "\(machine.rev)", machine.urn])
        }
        var destinations = TextTable([
            .text("destination"), .number("cursor"), .number("readings waiting"), .number("records waiting"),
        ])
        for one in report.destinations {
            destinations.add([one.id, "\(one.cursor)", "\(one.waitingReadings)", "\(one.waitingRecords)"])
        }
        return [facts, machines, destinations].map { $0.rendered(style) }.joined(separator: "\n")
    }

    private var size: String {
        let bytes = PlainText.bytes(Double(report.state.bytes))
        guard let settings else { return bytes }
        return "\(bytes) of \(PlainText.bytes(Double(settings.limit)))"
    }
}
