internal import KoppelCore

/// Sends the latest values over one connection, newest state of each signal, never waiting for history.
struct LiveSender<C: Clock> where C.Duration == Duration {
    let service: DeliveryService<C>
    let generation: UInt64

    /// Until the connection is gone or the task is cancelled.
    func run() async {
        while true {
            let items = await service.parts.live.take(64)
            if items.isEmpty { return }
            for item in items {
                let message = service.parts.dialect.latest(
                    item.reading, of: item.machine, rev: item.rev, epoch: item.epoch, last: item.last)
                guard let message else { continue }
                // What was taken and not sent is queued again as a whole when the next connection is greeted.
                guard await service.sendLive(message, generation: generation) else { return }
            }
        }
    }
}
