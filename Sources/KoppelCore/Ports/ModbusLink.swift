/// A way to one bus: one serial line or one TCP endpoint, with strictly one outstanding request.
package protocol ModbusLink: Sendable {
    /// The thread the link works on. Work that runs with it as task executor preference reaches the link
    /// without changing threads.
    var executor: any TaskExecutor { get }

    /// Opens the port or connects. Does nothing if it is open. Takes at most the response timeout of the bus.
    func open() async throws(BusError)

    /// Sends one read and waits for its answer.
    ///
    /// - Parameters:
    ///   - request: What to ask; always a reading function code.
    ///   - timeout: From sending to the whole answer, one deadline, above zero.
    ///   - pause: Silence before the request, beyond what the bus keeps by itself.
    /// - Returns: Exactly as many words as asked for, or what the device said instead.
    /// - Throws: ``BusError`` if no answer to exactly this request came. The link has cleaned up after itself by
    ///   the next call: a late answer is never taken for the answer to a later question (field rule P03).
    func transact(_ request: ReadRequest, timeout: Duration, pause: Duration) async throws(BusError) -> ReadAnswer

    /// Says that nothing will be asked for this long. A bus that is set to connect for each sweep gives its connection
    /// back; the next ``transact(_:timeout:pause:)`` makes a new one in its own time.
    func rest(for duration: Duration) async

    /// Closes the port or connection. Does nothing if it is closed.
    func close() async

    /// What was heard on the bus since the link was made.
    func counters() async -> LinkCounters
}

extension ModbusLink {
    package func counters() async -> LinkCounters { LinkCounters() }
}

extension ModbusLink {
    package func rest(for duration: Duration) async {}
}
