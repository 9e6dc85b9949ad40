import Foundation
import KoppelCore
import Testing

@testable import KoppelModbus

/// Faults that were recorded on a bus, and what the agent makes of them.
struct ReplayTests {
    static func transcript(_ name: String) throws -> Transcript {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Transcripts/\(name).txt")
        return try Transcript(text: String(contentsOf: file, encoding: .utf8))
    }

    /// `0: 0 22` for words from address 0, or why there are none.
    private func outcomes(_ name: String) async throws -> [String] {
        try await Self.transcript(name).exchanges().map { exchange in
            let what: String =
                switch exchange.answer?.outcome {
                case .words(let words): words.map(String.init).joined(separator: " ")
                case .exception(let exception): "\(exception)"
                case nil: exchange.error?.kind.brief ?? ""
                }
            return "\(exchange.request.start): \(what)"
        }
    }

    @Test func `F13: a recorded late answer on TCP is discarded each time it is replayed`() async throws {
        let expected = [
            "10: 0 22", "0: no answer in time", "10: 0 23", "0: 0 23", "10: 0 24", "0: 0 24", "10: 0 25", "0: 0 25",
        ]
        for _ in 0..<3 { #expect(try await outcomes("F13-late-answer") == expected) }
    }

    @Test func `R07: a recorded late answer on a serial line belongs to nobody`() async throws {
        let expected = [
            "10: 0 7", "0: no answer in time", "10: 0 8 0", "0: 0 8 0", "10: 0 9 0", "0: 0 9 0", "10: 0 10 0",
            "0: 0 10 0", "10: 0 11 0",
        ]
        for _ in 0..<3 { #expect(try await outcomes("R07-late-answer") == expected) }
    }

    @Test func `R06: what another master asked and got is refused, and the true answer is found behind it`()
        async throws
    {
        let outcomes = try await outcomes("R06-second-master")
        #expect(outcomes.prefix(2) == ["10: 0 16", "0: the checksum does not fit"])
        #expect(!outcomes.contains { $0.contains("57005") })
        #expect(outcomes.dropFirst(2).allSatisfy { $0.hasSuffix(" 0") || $0.split(separator: " ").count == 3 })
    }

    @Test func `R04: noise before an answer is passed over`() async throws {
        #expect(
            try await outcomes("R04-noise").prefix(4) == ["10: 0 23 0", "0: 0 23 0", "10: 0 24 0", "0: 0 24 0"])
    }

    @Test func `a replay says when in the record something happened, and how long it took then`() async throws {
        let exchanges = try await Self.transcript("F13-late-answer").exchanges()
        #expect(exchanges[1].sent.isoText == "2026-11-21T03:23:40.681847Z")
        #expect(exchanges[2].answer?.elapsed == .microseconds(194))
        #expect(exchanges[1].error?.elapsed == .milliseconds(500))
    }

    @Test func `P03: what was never asked is never answered`() async throws {
        let transcript = try Self.transcript("F13-late-answer")
        let link = ReplayLink(
            transcript,
            time: .init(now: { .zero }, pass: { _ in }, wall: { Timestamp(nanoseconds: 0) }))
        #expect(await link.ending(of: try request(400, 2, unit: 2)) == .failed(.timeout))
    }

    @Test func `a connection that ended in the record ends in the replay`() async throws {
        let transcript = try Transcript(
            text: """
                # koppel transcript 1
                # framing tcp
                >> 00 01 00 00 00 06 02 03 00 0A 00 02
                -- 20 ms silence
                -- closed
                """)
        let outcome = try #require(await transcript.exchanges().first)
        #expect(outcome.error?.kind == .linkDown(errno: 104))
        #expect(outcome.error?.elapsed == .milliseconds(20))
    }
}
