internal import Crypto
package import KoppelCore
internal import Logging
internal import Synchronization

/// A way to the owner's own broker, of which the audit log holds one record a session: from when to when, how many
/// messages and bytes, and the hash of the last (data model 3.18). It never holds a message up.
///
/// A session that a crash ends has no record; what it sent was the owner's own.
package final class SessionAudit: Uplink {
    private struct Session {
        var since: Timestamp
        var messages: UInt64 = 0
        var bytes: UInt64 = 0
        var last: [UInt8] = []
    }

    private let inner: any Uplink
    private let agent: String
    private let destination: Identifier
    /// What all topics of the agent lie under.
    private let topics: String
    private let trail: any AuditTrail
    private let wallClock: WallClock
    private let session = Mutex<Session?>(nil)
    /// Ended and not written down; at most one a connection.
    private let ended = Mutex<[AuditEntry]>([])

    package init(
        _ inner: any Uplink, agent: String, destination: Identifier, topics: String, trail: any AuditTrail,
        wallClock: WallClock
    ) {
        self.inner = inner
        self.agent = agent
        self.destination = destination
        self.topics = topics
        self.trail = trail
        self.wallClock = wallClock
    }

    package var executor: (any TaskExecutor)? { inner.executor }

    package func run(
        terms: @escaping @Sendable (_ connectWasSent: Bool) async -> UplinkTerms,
        onEvent: @escaping @Sendable (UplinkEvent) -> Void
    ) async throws(UplinkError) {
        let (edges, source) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        async let writing: Void = writeDown(after: edges)
        do throws(UplinkError) {
            try await inner.run(terms: terms) { event in
                switch event {
                case .connected: self.session.withLock { $0 = Session(since: self.wallClock.wall) }
                case .disconnected:
                    self.end()
                    source.yield()
                case .acknowledged, .refused, .received: break
                }
                onEvent(event)
            }
        } catch {
            source.finish()
            await writing
            throw error
        }
        source.finish()
        await writing
        // Being told to stop ends the writing above at once.
        end()
        await writeDown()
    }

    package func publish(_ message: OutgoingMessage) async throws(UplinkError) -> DeliveryToken {
        let token = try await inner.publish(message)
        session.withLock { session in
            session?.messages += 1
            session?.bytes += UInt64(message.payload.count)
            session?.last = message.payload
        }
        return token
    }

    /// Makes the record of the session that has ended, if it sent anything.
    private func end() {
        let last = session.withLock { session in
            defer { session = nil }
            return session
        }
        guard let last, last.messages > 0 else { return }
        let now = wallClock.wall
        var entry = AuditEntry(
            time: now, agent: agent, destination: destination, decision: .sent, policy: .ownBroker, topic: topics,
            content: MessageContent(topicClass: "_session", samples: last.messages, from: last.since, to: now))
        entry.qos = 1
        entry.payload = AuditEntry.Payload(
            bytes: last.bytes, hash: SHA256.token(of: last.last), contentType: "application/json")
        ended.withLock { $0.append(entry) }
    }

    private func writeDown(after edges: AsyncStream<Void>) async {
        for await _ in edges { await writeDown() }
    }

    private func writeDown() async {
        let entries = ended.withLock { entries in
            defer { entries = [] }
            return entries
        }
        for entry in entries {
            do throws(AuditError) {
                try await trail.append(entry)
            } catch {
                Logger.current.warning(
                    "A session with the owner's own broker could not be written down",
                    metadata: ["destination": "\(destination)", "error": "\(error)"])
            }
        }
    }
}
