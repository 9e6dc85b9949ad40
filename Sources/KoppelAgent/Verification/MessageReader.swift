internal import Foundation
internal import KoppelCore

/// Reads messages of the data model as any hub could: from its text alone, with a JSON reader that is not ours.
struct MessageReader {
    enum Message {
        case batch(ReceivedBatch, label: String)
        case status(isOnline: Bool, session: String, agent: String)
        /// Ours, and nothing to keep books of: latest values, descriptors, states, events.
        case other
        case odd(ReceptionAccount.Oddity)
    }

    private struct Unreadable: Error {
        var reason: String
    }

    private static let otherClasses: Set<String> = ["_meta", "_value", "_state", "_event", "_alarm", "_oee", "_audit"]

    func read(_ message: IncomingMessage) -> Message {
        let levels = message.topic.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard let place = levels.firstIndex(where: { $0.hasPrefix("_") }) else { return .odd(.foreign) }
        switch levels[place] {
        case "_batch": return batch(message, label: place > 0 ? levels[place - 1] : "")
        case "_agent": return agent(message, levels, place)
        case let other: return Self.otherClasses.contains(other) ? .other : .odd(.foreign)
        }
    }

    // MARK: Agents

    private func agent(_ message: IncomingMessage, _ levels: [String], _ place: Int) -> Message {
        guard levels.count == place + 3, levels[place + 2] == "status" else { return .other }
        guard let status = object(message.payload), let isOnline = status["online"] as? Bool,
            let session = status["session"] as? String
        else { return .odd(.foreign) }
        return .status(isOnline: isOnline, session: session, agent: levels[...(place + 1)].joined(separator: "/"))
    }

    // MARK: Batches

    private func batch(_ message: IncomingMessage, label: String) -> Message {
        guard let batch = object(message.payload), batch["machine"] != nil, batch["series"] != nil else {
            return .odd(.foreign)
        }
        do throws(Unreadable) {
            return .batch(try self.batch(batch), label: label)
        } catch {
            return .odd(.unreadable(error.reason))
        }
    }

    private func batch(_ batch: [String: Any]) throws(Unreadable) -> ReceivedBatch {
        guard let machine = batch["machine"] as? String, let list = batch["series"] as? [[String: Any]],
            let epoch = number(batch["epoch"]).flatMap({ UInt32(exactly: $0) })
        else { throw Unreadable(reason: "machine, epoch or series is missing or of the wrong type") }
        let begin = try time(batch["t0"], "t0")
        let shared = try offsets(batch["dt"])
        var series: [ReceivedBatch.Series] = []
        for one in list { series.append(try self.series(one, begin, shared)) }
        var gaps: [ReceivedGap] = []
        for gap in batch["gaps"] as? [[String: Any]] ?? [] {
            guard let signal = gap["signal"] as? String, let reason = gap["reason"] as? String else {
                throw Unreadable(reason: "a gap has no signal or no reason")
            }
            gaps.append(
                ReceivedGap(
                    signal: signal, from: Timestamp(nanoseconds: try time(gap["from"], "from")),
                    to: Timestamp(nanoseconds: try time(gap["to"], "to")),
                    lost: number(gap["lost"]).flatMap { UInt64(exactly: $0) }, reason: reason))
        }
        return ReceivedBatch(
            machine: machine, epoch: epoch, isBuffered: batch["buffered"] as? Bool ?? false, series: series, gaps: gaps)
    }

    private func series(
        _ one: [String: Any], _ begin: Int64, _ shared: [Int64]?
    ) throws(Unreadable) -> ReceivedBatch.Series {
        guard let signal = one["signal"] as? String, let values = one["v"] as? [Any],
            let seq = number(one["seq"]).flatMap({ UInt64(exactly: $0) })
        else { throw Unreadable(reason: "a series has no signal, no seq or no values") }
        guard let offsets = try offsets(one["dt"]) ?? shared, offsets.count == values.count else {
            throw Unreadable(reason: "\(signal) has \(values.count) values and another number of times")
        }
        let codes = (one["s"] as? [Any]).map { $0.map { number($0) ?? -1 } }
        guard codes == nil || codes?.count == values.count else {
            throw Unreadable(reason: "\(signal) has \(values.count) values and another number of status codes")
        }
        var samples: [ReceivedBatch.Sample] = []
        samples.reserveCapacity(values.count)
        for index in values.indices {
            let code = codes?[index] ?? 0
            let (time, overflow) = begin.addingReportingOverflow(offsets[index])
            guard !overflow else { throw Unreadable(reason: "\(signal) has a time beyond all clocks") }
            samples.append(
                ReceivedBatch.Sample(
                    time: Timestamp(nanoseconds: time), fingerprint: fingerprint(values[index], time, code),
                    isBad: code >= 1 << 31))
        }
        let aggregate = [one["agg"], one["window"]].compactMap { $0 as? String }.joined(separator: " ")
        return ReceivedBatch.Series(signal: signal, aggregate: aggregate, seq: seq, samples: samples)
    }

    // MARK: JSON

    private func object(_ payload: [UInt8]) -> [String: Any]? {
        // What is no JSON is no message of ours.
        (try? JSONSerialization.jsonObject(with: Data(payload))) as? [String: Any]
    }

    private func number(_ value: Any?) -> Int64? { (value as? NSNumber)?.int64Value }

    private func offsets(_ value: Any?) throws(Unreadable) -> [Int64]? {
        guard let value else { return nil }
        guard let list = value as? [Any] else { throw Unreadable(reason: "dt is no list") }
        var offsets: [Int64] = []
        offsets.reserveCapacity(list.count)
        for entry in list {
            guard let offset = number(entry) else { throw Unreadable(reason: "dt holds something that is no number") }
            offsets.append(offset)
        }
        return offsets
    }

    private func time(_ value: Any?, _ name: String) throws(Unreadable) -> Int64 {
        guard let text = value as? String, let time = ReceivedTime.nanoseconds(text) else {
            throw Unreadable(reason: "\(name) is no time with nine fraction digits and Z")
        }
        return time
    }

    /// FNV-1a over what makes a reading what it is.
    private func fingerprint(_ value: Any, _ time: Int64, _ code: Int64) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        func add(_ word: UInt64) { hash = (hash ^ word) &* 0x0000_0100_0000_01B3 }
        add(UInt64(bitPattern: time))
        add(UInt64(bitPattern: code))
        switch value {
        case let text as String: for byte in text.utf8 { add(UInt64(byte) | 1 << 32) }
        case let number as NSNumber:
            add(number.doubleValue.bitPattern)
            add(UInt64(bitPattern: number.int64Value))
        default: add(1 << 33)
        }
        return hash
    }
}

/// A time of the data model, `2026-03-02T08:15:30.120000000Z`.
enum ReceivedTime {
    /// Nanoseconds since 1970; `nil` if the text is anything else.
    static func nanoseconds(_ text: String) -> Int64? {
        let bytes = Array(text.utf8)
        guard bytes.count == 30, bytes[10] == UInt8(ascii: "T"), bytes[19] == UInt8(ascii: "."),
            bytes[29] == UInt8(ascii: "Z")
        else { return nil }
        func number(_ range: Range<Int>) -> Int? {
            bytes[range].reduce(Int?(0)) { sum, byte in
                guard let sum, (48...57).contains(byte) else { return nil }
                return sum * 10 + Int(byte - 48)
            }
        }
        guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10), let hour = number(11..<13),
            let minute = number(14..<16), let second = number(17..<19), let fraction = number(20..<29),
            (1678...2261).contains(year), (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60,
            second < 61
        else { return nil }
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        let parts = DateComponents(year: year, month: month, day: day)
        guard let midnight = calendar.date(from: parts) else { return nil }
        let seconds = Int64(midnight.timeIntervalSince1970) + Int64(hour * 3_600 + minute * 60 + second)
        return seconds * 1_000_000_000 + Int64(fraction)
    }
}
