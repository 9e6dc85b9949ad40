import KoppelCore
import KoppelModbus
import KoppelTestKit
import Synchronization
import Testing

/// Keeps what it sees, in order.
final class FrameRecorder: FrameTap {
    enum Seen: Equatable {
        case sent([UInt8])
        case received([UInt8])
        case event(LinkEvent)
    }

    private let kept = Mutex<[(Seen, ContinuousClock.Instant)]>([])

    var all: [Seen] { kept.withLock { $0.map(\.0) } }
    var times: [ContinuousClock.Instant] { kept.withLock { $0.map(\.1) } }

    func saw(_ bytes: Span<UInt8>, _ direction: FrameDirection, at instant: ContinuousClock.Instant) {
        let copy = bytes.indices.map { bytes[$0] }
        kept.withLock { $0.append((direction == .sent ? .sent(copy) : .received(copy), instant)) }
    }

    func saw(_ event: LinkEvent, at instant: ContinuousClock.Instant) {
        kept.withLock { $0.append((.event(event), instant)) }
    }
}

@Suite(.timeLimit(.minutes(5)))
struct FrameTapTests {
    private func record(
        _ endpoint: BusEndpoint, _ body: (any ModbusLink) async throws -> Void
    ) async throws -> FrameRecorder {
        let recorder = FrameRecorder()
        let link = try ModbusBus.link(for: try settings(endpoint), clock: wallClock, tap: recorder)
        try await link.open()
        try await body(link)
        await link.close()
        #expect(recorder.times == recorder.times.sorted())
        return recorder
    }

    @Test func `a tap sees MBAP frames as they stand on the wire, and the connection`() async throws {
        let server = try ModbusServer(
            .tcp(host: "127.0.0.1", port: 0), units: [UnitID(1)], values: ModbusLinkConformance.values)
        try await withServer(server) { server in
            let recorder = try await record(.tcp(host: "127.0.0.1", port: try #require(server.port))) { link in
                let ending = try await link.ending(of: request(2, 1))
                #expect(ending == .words([1_002]))
            }
            #expect(
                recorder.all == [
                    .event(.opened), .sent([0, 1, 0, 0, 0, 6, 1, 3, 0, 2, 0, 1]),
                    .received([0, 1, 0, 0, 0, 5, 1, 3, 2, 0x03, 0xEA]), .event(.closed),
                ])
        }
    }

    @Test func `a tap sees RTU frames with their checksum, and failures`() async throws {
        let terminal = try PseudoTerminal()
        let server = try ModbusServer(
            .terminal(terminal, line: LinkTests.line), units: [UnitID(1)], values: ModbusLinkConformance.values)
        try await withServer(server) { _ in
            let recorder = try await record(.rtu(device: terminal.path, line: LinkTests.line)) { link in
                _ = try await link.ending(of: request(0, 1, unit: 9), timeout: .milliseconds(60))
            }
            #expect(
                recorder.all == [
                    .event(.opened), .sent([9, 3, 0, 0, 0, 1, 0x85, 0x42]), .event(.failed(.timeout)),
                    .event(.closed),
                ])
        }
    }
}
