package import KoppelCore
internal import Synchronization

/// One recorded question and what the agent makes of what came after it.
package struct ReplayedExchange: Sendable {
    /// As it was asked on the wire.
    package var request: ReadRequest
    /// When it was sent, on the wall clock of the record.
    package var sent: Timestamp
    /// What the device said; `nil` if no usable answer came.
    package var answer: ReadAnswer?
    /// Why not.
    package var error: BusError?
}

extension Transcript {
    /// Judges each recorded question as the agent does, one after the other and at the pace of the record. With a unit
    /// only the questions to it are in the result; all are judged.
    package func exchanges(unit: UnitID? = nil) async -> [ReplayedExchange] {
        let begin = begin
        let clock = ReplayMoment()
        let link = ReplayLink(
            self,
            time: .init(
                now: { clock.now }, pass: { clock.advance(by: $0) }, wall: { begin.advanced(by: clock.now) }),
            asksAsRecorded: true)
        var result: [ReplayedExchange] = []
        var time = Duration.zero
        for entry in entries {
            time += entry.silence
            guard let request = request(entry.event) else { continue }
            // It comes when it came in the record, unless judging the one before took longer.
            clock.advance(by: max(.zero, time - clock.now))
            var exchange = ReplayedExchange(request: request, sent: begin.advanced(by: time))
            do throws(BusError) {
                exchange.answer = try await link.transact(request, timeout: timeout, pause: .zero)
            } catch {
                exchange.error = error
            }
            if unit == nil || unit == request.unit { result.append(exchange) }
        }
        return result
    }
}

/// The time of one replay.
private final class ReplayMoment: Sendable {
    private let value = Mutex(Duration.zero)

    var now: Duration { value.withLock { $0 } }

    func advance(by duration: Duration) { value.withLock { $0 += duration } }
}
