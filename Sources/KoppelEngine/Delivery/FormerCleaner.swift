internal import KoppelCore
internal import Logging

/// Clears what a broker keeps of machines and signals that are gone, over one connection: first what the journal holds
/// of them goes out, under their own revision, then their topics are emptied (data model 3.11).
struct FormerCleaner<C: Clock> where C.Duration == Duration {
    let service: DeliveryService<C>
    let generation: UInt64

    /// Until everything is cleared, the connection is gone or the task is cancelled. Each connection does it again: a
    /// broker may have been restored from an old copy, and an empty topic costs nothing.
    func run() async {
        let messages = service.parts.dialect.retired
        guard !messages.isEmpty, await isDelivered() else { return }
        let refused = await service.session.liveRefusals
        var tokens: [DeliveryToken] = []
        for message in messages {
            let isSent = await service.send(message, lane: .live, generation: generation) { token, generation in
                await service.noteLive(token, message, generation)
                tokens.append(token)
            }
            guard isSent else { return }
        }
        while await service.session.isAnyOpen(tokens, generation: generation) {
            do { try await service.clock.sleep(for: .milliseconds(100)) } catch { return }
        }
        guard await service.session.isCurrent(generation), await service.session.liveRefusals == refused else { return }
        Logger.current.notice(
            "What the broker kept of machines and signals that are gone is cleared",
            metadata: ["destination": "\(service.destination.id)", "topics": "\(messages.count)"])
    }

    /// Waits until what is stored now is acknowledged.
    ///
    /// - Returns: False if the task was cancelled, or the journal cannot be asked.
    private func isDelivered() async -> Bool {
        guard service.destination.publish.wantsHistory else { return true }
        do {
            let end = try await service.parts.journal.state().end
            while try await service.parts.journal.cursor(of: service.destination.id) ?? .start < end {
                try await service.clock.sleep(for: .milliseconds(200))
            }
            return true
        } catch {
            return false
        }
    }
}
