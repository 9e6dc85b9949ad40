internal import Foundation
internal import KoppelCore
internal import KoppelEngine

/// What left to a destination in the last hour, read back from the log.
extension AuditFile {
    /// A torn line is none: its message did not leave. A record whose time cannot be read counts as one of now. Files are
    /// read from the newest back, each as a whole, to one that ended more than an hour ago; at most `most` departures are
    /// given.
    func ages(ofDeparturesTo destination: Identifier, at now: Timestamp, most: Int) throws(AuditError) -> [Duration] {
        var ages: [Duration] = []
        do {
            for path in try folder.all().reversed() where ages.count < most {
                let lines = DepartureLines(of: try Data(contentsOf: URL(fileURLWithPath: path)), now: now)
                if lines.areOld { break }
                ages += lines.ages(ofDeparturesTo: destination)
            }
        } catch {
            throw AuditError("\(folder.path) cannot be read: \(error.localizedDescription)")
        }
        return ages.sorted().prefix(most).reversed()
    }
}

/// The whole lines of one file. A record is canonical JSON (RFC 8785), in which a member looks the same each time, and no
/// text within a string looks like one.
private struct DepartureLines {
    private static let hour = Duration.seconds(3_600)
    private static let sent = Data(#""decision":"sent""#.utf8)
    private static let time = Data(#""time":""#.utf8)

    private let lines: [Data]
    private let now: Timestamp

    init(of data: Data, now: Timestamp) {
        let end = data.lastIndex(of: UInt8(ascii: "\n")) ?? data.startIndex
        lines = data[..<end].split(separator: UInt8(ascii: "\n"))
        self.now = now
    }

    /// True if the last record is of more than an hour ago.
    var areOld: Bool { lines.last.flatMap { age(of: $0) }.map { $0 >= Self.hour } ?? false }

    func ages(ofDeparturesTo destination: Identifier) -> [Duration] {
        let member = Data(#""destination":"\#(destination)""#.utf8)
        return lines.compactMap { line in
            guard line.range(of: Self.sent) != nil, line.range(of: member) != nil else { return nil }
            let age = self.age(of: line) ?? .zero
            return age < Self.hour ? max(.zero, age) : nil
        }
    }

    private func age(of line: Data) -> Duration? {
        guard let start = line.range(of: Self.time)?.upperBound,
            let end = line[start...].firstIndex(of: UInt8(ascii: "\"")),
            let time = Timestamp(utc: String(decoding: line[start..<end], as: UTF8.self))
        else { return nil }
        return Duration.nanoseconds(now.nanoseconds) - .nanoseconds(time.nanoseconds)
    }
}
