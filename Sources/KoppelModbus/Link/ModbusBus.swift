package import KoppelCore
internal import KoppelExecutor

/// One bus on libmodbus: a serial line or a Modbus TCP endpoint, with a thread of its own.
///
/// It can only read: a request is made from one of the four tables, whose function codes are 1 to 4. Strictly one
/// question is outstanding. It says what happened; when to try again is its user's business. A signal is never
/// raised: the peer's end comes as ``BusError``.
///
/// Every wait ends at its deadline, or within 100 ms when the task is cancelled, except connecting, which ends at its
/// deadline only.
package actor ModbusBus: ModbusLink {
    private nonisolated let thread: ThreadExecutor
    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe thread.asUnownedSerialExecutor() }
    package nonisolated var executor: any TaskExecutor { thread }

    /// A connection is not closed for a shorter rest: making a new one would take a good part of it.
    static let worthClosing = Duration.milliseconds(200)

    private let settings: BusSettings
    private let wallClock: WallClock
    private let transport: any Transport
    private let tap: (any FrameTap)?
    /// The descriptor looked at while nothing is asked.
    private var watched: Int32?

    init(
        _ settings: BusSettings, clock: WallClock, tap: (any FrameTap)? = nil, transport: sending any Transport
    ) {
        self.settings = settings
        self.tap = tap
        wallClock = clock
        self.transport = transport
        thread = ThreadExecutor(name: "bus \(settings.id)")
    }

    package func open() async throws(BusError) {
        let begin = ContinuousClock.now
        defer { watch() }
        do throws(LinkFault) {
            try transport.open(until: begin + settings.timeout)
        } catch {
            throw failure(error, nil, since: begin)
        }
    }

    package func transact(
        _ request: ReadRequest, timeout: Duration, pause: Duration
    ) async throws(BusError) -> ReadAnswer {
        let begin = ContinuousClock.now
        defer { watch() }
        do throws(LinkFault) {
            let exchange = try transport.exchange(request, timeout: timeout, pause: pause)
            let elapsed = exchange.received - exchange.sent
            let sinceMiddle = ContinuousClock.now - exchange.sent - elapsed / 2
            return ReadAnswer(
                outcome: exchange.outcome, time: wallClock.now.advanced(by: .zero - sinceMiddle), elapsed: elapsed,
                connection: transport.connections)
        } catch {
            throw failure(error, request, since: begin)
        }
    }

    package func rest(for duration: Duration) async {
        if settings.connection == .perSweep, duration >= Self.worthClosing { transport.rest() }
    }

    package func close() async {
        transport.close()
        watch()
    }

    package func counters() async -> LinkCounters { transport.counters }

    /// Looks at the port while nothing is asked, so that one that is gone is let go at once (field rule P14).
    private func watch() {
        guard transport.idleDescriptor != watched else { return }
        watched = transport.idleDescriptor
        thread.watch(
            watched.map { descriptor in
                DescriptorWatch(descriptor: descriptor) { [weak self] _ in self?.assumeIsolated { $0.stirred() } }
            })
    }

    private func stirred() {
        transport.stirred()
        watch()
    }

    private func failure(
        _ fault: LinkFault, _ request: ReadRequest?, since begin: ContinuousClock.Instant
    ) -> BusError {
        let now = ContinuousClock.now
        tap?.saw(.failed(fault.kind), at: now)
        return BusError(kind: fault.kind, bus: settings.id.description, request: request, elapsed: now - begin)
    }
}

extension ModbusBus {
    /// The link to a bus, closed. `tap` sees what goes over it.
    ///
    /// On a serial line a question may have to wait until a late answer to an earlier one must have passed, up to three
    /// response timeouts. `yieldsLine` makes it fail at once (``BusError/Kind-swift.enum/answerOutstanding``), so that
    /// other units can be asked; otherwise the line is left silent meanwhile.
    ///
    /// - Throws: ``BusError/Kind-swift.enum/unusable(_:)`` if a bus like this cannot be used.
    package static func link(
        for bus: BusSettings, clock: WallClock, tap: (any FrameTap)? = nil, yieldsLine: Bool = false
    ) throws(BusError) -> any ModbusLink {
        let patience: RTUConversation.Patience = yieldsLine ? .yields : .waits
        do throws(LinkFault) {
            switch bus.endpoint {
            case .tcp(let host, let port):
                let socket = TCPSocket(names: SystemHostNames(host: host), port: port, tap: tap)
                return ModbusBus(bus, clock: clock, tap: tap, transport: TCPTransport(socket: socket, tap: tap))
            case .rtu(let device, let line):
                try SerialPort.check(line)
                return ModbusBus(
                    bus, clock: clock, tap: tap,
                    transport: RTUTransport(
                        device: device, line: line, longest: bus.timeout, patience: patience, tap: tap))
            case .rtuOverTCP(let host, let port, let line):
                let socket = TCPSocket(names: SystemHostNames(host: host), port: port, tap: tap)
                return ModbusBus(
                    bus, clock: clock, tap: tap,
                    transport: RTUOverTCPTransport(
                        socket: socket, line: line, longest: bus.timeout, patience: patience, tap: tap))
            }
        } catch {
            throw BusError(kind: error.kind, bus: bus.id.description, request: nil, elapsed: .zero)
        }
    }
}
