package import KoppelCore
internal import KoppelModbus

/// Single reads on a bus, for commands that look at machines: `koppel read`, `scan`, `identify` and `report`.
///
/// It holds the bus for itself while it is open, and it can only read.
package struct RegisterProbe: Sendable {
    package enum Reply: Sendable {
        /// What the device said, and how long it took.
        case answer(ReadOutcome, Duration)
        case failed(BusError)
    }

    package let bus: BusSettings
    private let link: any ModbusLink

    /// - Throws: ``BusError`` if a bus like this cannot be used at all.
    package init(bus: BusSettings, clock: WallClock) throws(BusError) {
        self.bus = bus
        link = try ModbusBus.link(for: bus, clock: clock)
    }

    /// - Throws: ``BusError`` if the port cannot be opened or nobody accepts the connection.
    package func open() async throws(BusError) { try await link.open() }

    package func close() async { await link.close() }

    /// Asks once. A connection that the other side closed is opened again before. Without a timeout of its own that of
    /// the bus holds.
    package func ask(_ request: ReadRequest, timeout: Duration? = nil, pause: Duration = .zero) async -> Reply {
        do throws(BusError) {
            try await link.open()
            let answer = try await link.transact(request, timeout: timeout ?? bus.timeout, pause: pause)
            return .answer(answer.outcome, answer.elapsed)
        } catch {
            return .failed(error)
        }
    }
}
