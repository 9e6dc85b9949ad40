internal import KoppelCore

/// One way to ask and be answered, below the actor that owns it. Blocking; used on its owner's thread only.
protocol Transport: AnyObject {
    /// Opens if it is closed.
    func open(until deadline: ContinuousClock.Instant) throws(LinkFault)

    /// Asks, and returns the answer to exactly this question. Cleans up after the exchange before.
    func exchange(_ request: ReadRequest, timeout: Duration, pause: Duration) throws(LinkFault) -> Exchange

    /// Nothing will be asked for a while: gives the connection back. The next question makes a new one.
    func rest()

    func close()

    /// What to look at while nothing is asked; `nil` if nothing is open, or it need not be looked at.
    var idleDescriptor: Int32? { get }

    /// Something is to be read from ``idleDescriptor``, or it has failed. Closes if it has.
    func stirred()

    /// What was heard so far.
    var counters: LinkCounters { get }

    /// How many connections were made so far; 0 where there is none to make.
    var connections: Int { get }
}

extension Transport {
    var idleDescriptor: Int32? { nil }

    func stirred() {}

    var counters: LinkCounters { LinkCounters() }

    var connections: Int { 0 }
}

/// An outcome with the time from sending to having all of it.
struct Exchange {
    let outcome: ReadOutcome
    let sent: ContinuousClock.Instant
    let received: ContinuousClock.Instant
}
