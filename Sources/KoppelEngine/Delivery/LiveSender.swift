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
                guard let message = message(item) else { continue }
                // What was taken and not sent is queued again as a whole when the next connection is greeted.
                guard await service.sendLive(message, generation: generation) else { return }
            }
        }
    }

    private func message(_ item: LiveLane.Item) -> OutgoingMessage? {
        let dialect = service.parts.dialect
        return switch item.content {
        case .reading(let reading, let last):
            dialect.latest(reading, of: item.machine, rev: item.rev, epoch: item.epoch, last: last)
        case .state(let state): dialect.latest(state, of: item.machine, rev: item.rev, epoch: item.epoch)
        case .alarm(let alarm): dialect.latest(alarm, of: item.machine, rev: item.rev)
        }
    }
}
