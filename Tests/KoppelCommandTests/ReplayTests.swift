import Foundation
import KoppelTestKit
import Testing

/// What `koppel replay` makes of a record that was written by hand.
@Suite(.timeLimit(.minutes(5)))
struct ReplayTests {
    /// An Omron E5CC that is asked for its status alone, and then for its value with the status.
    private func replayed(before: String, now: String) async throws -> String {
        let folder = try TemporaryFolder()
        let record = try folder.write(
            """
            # koppel transcript 1
            # bus oven
            # framing tcp
            # begin 2026-05-01T08:00:00.000000Z
            >> 00 01 00 00 00 06 01 03 00 03 00 01
            << 00 01 00 00 00 05 01 03 02 00 \(before)
            >> 00 02 00 00 00 06 01 03 00 00 00 04
            << 00 02 00 00 00 0B 01 03 08 00 00 07 04 00 00 00 \(now)

            """, to: "oven.txt")
        let outcome = try await Program.run(
            "replay", record, "--profile", "omron/e5cc", "--profiles", Repository.devices)
        #expect(outcome.code == 0, "\(outcome.errors)")
        return try #require(
            outcome.output.split(separator: "\n").last { $0.contains("process/value") }.map(String.init))
    }

    @Test func `a value is judged by the status that came with it, not by one of an earlier question`() async throws {
        let well = try await replayed(before: "40", now: "00")
        #expect(well.contains("179.6") && well.contains("good"))
        let broken = try await replayed(before: "00", now: "40")
        #expect(!broken.contains("179.6") && broken.contains("sensor-fault"))
    }
}
