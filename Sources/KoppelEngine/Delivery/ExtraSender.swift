internal import KoppelCore
internal import Logging

/// Sends over one connection what is told of the machines besides: older descriptors and documents in the forms of
/// others. They are large, so they go one at a time, and only over a connection that lasts.
struct ExtraSender<C: Clock> where C.Duration == Duration {
    let service: DeliveryService<C>
    let generation: UInt64
    /// How long a connection has to last first.
    var patience = Duration.seconds(1)
    /// How often it is looked at what nothing refers to any more.
    var interval = Duration.seconds(3_600)

    /// Until the connection is gone or the task is cancelled.
    func run() async {
        var pause = patience
        var cleared: Set<String> = []
        var isFirst = true
        while true {
            do { try await service.clock.sleep(for: pause) } catch { return }
            pause = interval
            let moment = await moment()
            if isFirst {
                var index = 0
                while let message = service.parts.dialect.extra(at: index, moment) {
                    guard await service.sendLive(message, generation: generation) else { return }
                    if message.payload.isEmpty { cleared.insert(message.topic) }
                    index += 1
                }
                isFirst = false
            }
            for topic in service.parts.dialect.outdated(moment) where cleared.insert(topic).inserted {
                let message = OutgoingMessage(topic: topic, payload: [], retain: true)
                guard await service.sendLive(message, generation: generation) else { return }
            }
        }
    }

    /// A journal that cannot tell what waits is taken to hold everything.
    private func moment() async -> ReferenceMoment {
        let now = service.parts.wallClock.now
        do throws(JournalError) {
            let backlog = try await service.parts.journal.backlog(of: service.destination.id)
            return ReferenceMoment(now: now, oldestPending: backlog.oldest)
        } catch {
            Logger.current.debug("The backlog cannot be counted", metadata: ["error": "\(error)"])
            return ReferenceMoment(now: now, oldestPending: Timestamp(nanoseconds: 0))
        }
    }
}
