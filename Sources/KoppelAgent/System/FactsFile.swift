internal import Foundation
internal import KoppelCore
internal import KoppelEngine
internal import Logging

/// Keeps what the units taught in `learned.json` of the data folder: read at start, written when it changed.
///
/// At most 4 MiB are read. What was to be tried again more than 90 days ago is left out. The file may be deleted at
/// any time: everything in it is learned again.
struct FactsFile: Sendable {
    static let name = "learned.json"
    private static let format = 1
    private static let sizeLimit = 4 << 20
    private static let forgottenAfter = Duration.seconds(90 * 86_400)

    let path: String

    init(folder: String) { path = folder + "/" + Self.name }

    fileprivate struct Document: Codable {
        var learned: Int
        var facts: [Entry]
    }

    fileprivate struct Entry: Codable {
        var bus: String
        var unit: UInt8
        var profile: String
        var version: String
        /// `points`, `gap` or `limit`.
        var kind: String
        var table: String
        /// Addresses; for a limit the most that was answered and the least that was refused.
        var first: Int
        var last: Int
        var exception: UInt8?
        /// Milliseconds since 1970.
        var learnedAt: Int64
        var confirmedAt: Int64
        var holdsSeconds: Int64
    }

    struct Damaged: Error, CustomStringConvertible {
        let description: String
    }

    /// What the file holds; nothing if there is none.
    func read(now: Timestamp) throws -> [LearnedFact] {
        guard FileManager.default.fileExists(atPath: path) else { return [] }
        let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        defer { try? handle.close() }  // it was only read
        let data = try handle.read(upToCount: Self.sizeLimit + 1) ?? Data()
        guard data.count <= Self.sizeLimit else { throw Damaged(description: "it is larger than 4 MiB") }
        let document = try JSONDecoder().decode(Document.self, from: data)
        guard document.learned == Self.format else {
            throw Damaged(description: "its format is \(document.learned), and this version reads \(Self.format)")
        }
        let facts = try document.facts.map { entry in
            guard let fact = entry.fact else { throw Damaged(description: "an entry makes no sense") }
            return fact
        }
        return facts.filter { $0.retry.advanced(by: Self.forgottenAfter) > now }
    }

    /// Puts the facts in place of the old file; after a power cut there is the one or the other.
    func write(_ facts: [LearnedFact]) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let data = try encoder.encode(Document(learned: Self.format, facts: facts.map(Entry.init)))
        try DurableFile.replace(path, with: data)
    }

    /// What earlier runs have learned. A damaged file is set aside, and everything is learned again.
    func load(now: Timestamp) -> [LearnedFact] {
        do {
            return try read(now: now)
        } catch {
            let aside = path + ".damaged"
            Logger.current.warning(
                "What was learned of the devices cannot be read and is set aside; it is learned again",
                metadata: ["path": "\(aside)", "error": "\(error)"])
            if rename(path, aside) != 0 {
                Logger.current.warning("The damaged file could not be set aside", metadata: ["path": "\(path)"])
            }
            return []
        }
    }
}

extension FactsFile.Entry {
    fileprivate init(_ fact: LearnedFact) {
        bus = fact.unit.bus.description
        unit = fact.unit.unit.rawValue
        profile = fact.model.profile.description
        version = fact.model.version
        table = fact.kind.table.name
        switch fact.kind {
        case .points(let span):
            (kind, first, last) = ("points", Int(span.addresses.lowerBound), Int(span.addresses.upperBound))
        case .gap(let span):
            (kind, first, last) = ("gap", Int(span.addresses.lowerBound), Int(span.addresses.upperBound))
        case .limit(_, let answered, let refused): (kind, first, last) = ("limit", answered, refused)
        }
        exception = fact.exception?.code
        learnedAt = fact.learned.nanoseconds / 1_000_000
        confirmedAt = fact.confirmed.nanoseconds / 1_000_000
        holdsSeconds = Int64(fact.holds.inSeconds)
    }

    /// `nil` if a part of it is outside its range.
    fileprivate var fact: LearnedFact? {
        guard let bus = Identifier(bus), let profile = Identifier(profile), version.utf8.count <= 64,
            let table = RegisterTable.allCases.first(where: { $0.name == table }), let kind = kind(in: table),
            let learned = Timestamp(milliseconds: learnedAt), let confirmed = Timestamp(milliseconds: confirmedAt)
        else { return nil }
        let holds = Duration.seconds(holdsSeconds)
        guard (LearnedFact.firstHold...LearnedFact.longestHold).contains(holds) else { return nil }
        return LearnedFact(
            unit: UnitOnBus(bus: bus, unit: UnitID(unit)), model: DeviceModel(profile: profile, version: version),
            kind: kind, exception: exception.map(ModbusException.init), learned: learned, confirmed: confirmed,
            holds: holds)
    }

    private func kind(in table: RegisterTable) -> LearnedFact.Kind? {
        if kind == "limit" {
            guard first >= 0, last > 0, first < last, last <= table.protocolLimit else { return nil }
            return .limit(table, answered: first, refused: last)
        }
        guard let first = UInt16(exactly: first), let last = UInt16(exactly: last), first <= last else { return nil }
        let span = RegisterSpan(table: table, addresses: first...last)
        return ["points": .points(span), "gap": .gap(span)][kind]
    }
}

extension Timestamp {
    fileprivate init?(milliseconds: Int64) {
        let (nanoseconds, isTooFar) = milliseconds.multipliedReportingOverflow(by: 1_000_000)
        if isTooFar { return nil }
        self.init(nanoseconds: nanoseconds)
    }
}
