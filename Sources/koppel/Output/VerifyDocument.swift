internal import KoppelCore

/// What an independent receiver found, as a document.
struct VerifyDocument: Encodable {
    struct Hole: Encodable {
        var epoch: UInt32
        var first: UInt64
        var last: UInt64
        var after: String
        var before: String
    }

    struct Declared: Encodable {
        var reason: String
        var gaps: UInt64
        var lost: UInt64
        var from: String
        var to: String
    }

    struct Signal: Encodable {
        var machine: String
        var urn: String
        var signal: String
        /// Function and window of an aggregated series.
        var aggregate: String?
        var complete: Bool
        var from: String?
        var to: String?
        var epochs: [UInt32]
        var readings: UInt64
        var bad: UInt64
        var repeats: UInt64
        var missing: UInt64
        var missingAndDeclared: UInt64
        var conflicts: UInt64
        var outOfOrder: UInt64
        var epochsWithoutWord: UInt64
        /// At most 100.
        var holes: [Hole]
        var declared: [Declared]
    }

    struct Agent: Encodable {
        var topic: String
        var online: Bool
        var departures: UInt64
    }

    var broker: String
    var topic: String
    var seconds: Double
    var complete: Bool
    var readings: UInt64
    var missing: UInt64
    var messages: UInt64
    var batches: UInt64
    var ignored: UInt64
    var unreadable: UInt64
    var firstUnreadable: String?
    var receiverAway: UInt64
    var agents: [Agent]
    var signals: [Signal]
}

extension VerifyText {
    var document: VerifyDocument {
        VerifyDocument(
            broker: broker, topic: topic, seconds: (elapsed.inSeconds * 10).rounded() / 10, complete: isComplete,
            readings: account.readings, missing: account.missing, messages: account.messages, batches: account.batches,
            ignored: account.foreign, unreadable: account.unreadable,
            firstUnreadable: account.firstUnreadable.map { "\($0.topic): \($0.reason)" },
            receiverAway: account.absences,
            agents: account.agents.sorted { $0.key < $1.key }.map {
                .init(topic: $0, online: $1.isOnline, departures: $1.departures)
            },
            signals: rows.map(signal))
    }

    private func signal(_ row: Row) -> VerifyDocument.Signal {
        let series = row.series
        return .init(
            machine: row.machine, urn: row.name.machine, signal: row.name.signal,
            aggregate: row.aggregate.isEmpty ? nil : row.aggregate, complete: series.isSound,
            from: series.from?.plainText, to: series.to?.plainText,
            epochs: series.epochs.map { [$0.lowerBound, $0.upperBound] } ?? [], readings: series.readings,
            bad: series.bad, repeats: series.repeats, missing: series.missing, missingAndDeclared: series.explained,
            conflicts: series.conflicts, outOfOrder: series.unordered, epochsWithoutWord: series.bareEpochs,
            holes: series.holes.prefix(100).map {
                .init(
                    epoch: $0.epoch, first: $0.first, last: $0.last, after: $0.after.plainText,
                    before: $0.before.plainText)
            },
            declared: row.declared.map {
                .init(reason: $0.reason, gaps: $0.gaps, lost: $0.lost, from: $0.from.plainText, to: $0.to.plainText)
            })
    }
}
