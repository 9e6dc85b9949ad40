package import KoppelCore
internal import Logging

/// Brings what the journal holds to one Sparkplug broker: births, then data in the order of the journal.
///
/// Data goes out at QoS 0, so nothing acknowledges it. The cursor lags by the time a broken connection takes to be
/// noticed; after a break, and after a restart, what lies behind the cursor goes out again as historical. That repeats,
/// and never loses. While a primary host is away nothing goes out, and the journal keeps it (field rule P77).
package struct EdgeNodeService<C: Clock>: Sendable where C.Duration == Duration {
    /// What the service works with.
    package struct Parts: Sendable {
        package var journal: any Journal
        package var uplink: any Uplink
        package var dialect: any EdgeNodeDialect
        /// What is known now of each machine, for births.
        package var live: LiveLane
        package var births: any BirthNumberStore
        package var wallClock: WallClock
        /// `urn:uuid:` of this run of the agent.
        package var session: String
        /// Called each time the journal turns out to be damaged; nothing can be delivered until it is opened again.
        package var journalIsDamaged: @Sendable () -> Void
        /// Where it shows how it fares.
        package var gauge: DeliveryGauge

        package init(
            journal: any Journal, uplink: any Uplink, dialect: any EdgeNodeDialect, live: LiveLane,
            births: any BirthNumberStore, wallClock: WallClock, session: String,
            journalIsDamaged: @escaping @Sendable () -> Void = {}, gauge: DeliveryGauge = DeliveryGauge()
        ) {
            self.journal = journal
            self.uplink = uplink
            self.dialect = dialect
            self.live = live
            self.births = births
            self.wallClock = wallClock
            self.session = session
            self.journalIsDamaged = journalIsDamaged
            self.gauge = gauge
        }
    }

    /// How fast and how patient it is.
    package struct Pace: Sendable {
        /// The most readings of the past a second.
        package var historyRate = 10_000
        /// The shortest time between two births that hosts ask for.
        package var rebirthInterval = EdgeNodeSession.usualRebirthInterval
        /// How long it stays away after the primary host has gone.
        package var pauseAfterHost = Duration.seconds(1)
        /// How often the node's own metrics are looked at.
        package var statusInterval = Duration.seconds(10)
        /// How long a written place is doubted; `nil` for what the keepalive asks for.
        package var lag: Duration?

        package init() {}
    }

    let destination: DestinationSettings
    let parts: Parts
    let clock: C
    let pace: Pace

    package init(destination: DestinationSettings, parts: Parts, clock: C, pace: Pace = Pace()) {
        self.destination = destination
        self.parts = parts
        self.clock = clock
        self.pace = pace
    }

    /// Runs until the task is cancelled, and then says the death itself before it disconnects.
    ///
    /// All of it runs on the thread of the connection, as ``DeliveryService/run()`` does and for the same reason.
    package func run() async throws {
        try await withTaskExecutorPreference(parts.uplink.executor) {
            let number = BirthNumber(store: parts.births)
            while !Task.isCancelled {
                try await connect(number)
                // Only reached when the primary host has gone: the next connection waits for it.
                do { try await clock.sleep(for: pace.pauseAfterHost) } catch { return }
            }
        }
    }

    /// Keeps the connection until the primary host goes away, or the task is cancelled.
    private func connect(_ number: BirthNumber) async throws {
        let mailbox = EdgeNodeMailbox()
        let conversation = EdgeNodeConversation(service: self, mailbox: mailbox, number: number)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await parts.uplink.run(
                    terms: { connectWasSent in
                        let bdSeq = await number.next(connectWasSent: connectWasSent)
                        return UplinkTerms(
                            will: parts.dialect.nodeDeath(bdSeq: bdSeq, at: parts.wallClock.wall),
                            filters: parts.dialect.filters, endsWithWill: true)
                    },
                    onEvent: { mailbox.put($0) })
            }
            group.addTask { await conversation.run() }
            try await group.next()
            group.cancelAll()
            // The link says the death and disconnects.
            try await group.waitForAll()
        }
    }
}
