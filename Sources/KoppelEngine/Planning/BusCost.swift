package import KoppelCore

/// What a read costs a bus in time, so that the cheapest set of reads can be found and a plan that cannot fit is
/// refused before it runs (field rule P33).
///
/// Nothing is measured here: a serial line is computed from its settings, everything else is an assumption, and then
/// ``isEstimate`` is true. A refusal may only rest on a cost that is no estimate.
package struct BusCost: Hashable, Sendable {
    /// The time a device takes between the end of a request and the start of its answer, where it is not known.
    /// Meters and drives mostly need 2 to 20 ms.
    package static let assumedTurnaround = Duration.milliseconds(5)

    /// The time from request to answer over TCP, where it is not known: a device in the same building.
    package static let assumedRoundTrip = Duration.milliseconds(2)

    /// The extra time one byte of answer data takes over TCP; mostly the device collecting its registers.
    package static let assumedByteTime = Duration.microseconds(2)

    /// True if the cost rests on assumptions and not on the settings of a serial line.
    package let isEstimate: Bool
    /// What one request costs, whatever it asks for.
    package let overhead: Duration
    /// What one byte of answer data adds: half a register, or eight bits.
    package let byteTime: Duration
    private let overheadNanoseconds: Int64
    private let byteNanoseconds: Int64

    private init(overhead: Duration, byteTime: Duration, isEstimate: Bool) {
        self.overhead = overhead
        self.byteTime = byteTime
        self.isEstimate = isEstimate
        overheadNanoseconds = overhead.wholeNanoseconds
        byteNanoseconds = byteTime.wholeNanoseconds
    }

    /// A serial line: eight characters of request, five of answer around the data, one silence after each of the two
    /// frames, and the device's turnaround (Modbus over serial line 1.02, 2.5.1).
    package static func serial(_ line: SerialLine, turnaround: Duration = assumedTurnaround) -> BusCost {
        BusCost(
            overhead: line.characterTime * 13 + line.frameSilence * 2 + turnaround, byteTime: line.characterTime,
            isEstimate: false)
    }

    /// A TCP endpoint. Pass what was measured once it is known.
    package static func tcp(
        roundTrip: Duration = assumedRoundTrip, byteTime: Duration = assumedByteTime
    ) -> BusCost {
        BusCost(overhead: roundTrip, byteTime: byteTime, isEstimate: true)
    }

    /// The cost on an endpoint as far as its settings tell.
    ///
    /// Of a serial device server the line behind it is computed as far as the settings name it (else 9600 8E1, which
    /// the specification asks every device to have), and the way to it is assumed.
    package init(_ endpoint: BusEndpoint) {
        switch endpoint {
        case .tcp: self = .tcp()
        case .rtu(_, let line): self = .serial(line)
        case .rtuOverTCP(_, _, let line):
            let line = BusCost.serial(line)
            self.init(
                overhead: line.overhead + BusCost.assumedRoundTrip, byteTime: line.byteTime, isEstimate: true)
        }
    }

    /// The time one read takes on the bus, with the pause its unit wants before each request.
    package func time(of table: RegisterTable, count: Int, timing: UnitTiming = UnitTiming()) -> Duration {
        .nanoseconds(nanoseconds(of: table, count: count)) + (timing.pauseBeforeRequest ?? .zero)
    }

    /// The same without the pause and as a plain number, for the planner's inner loop.
    func nanoseconds(of table: RegisterTable, count: Int) -> Int64 {
        let bytes = table.isBits ? (count + 7) / 8 : count * 2
        return overheadNanoseconds + byteNanoseconds * Int64(bytes)
    }
}
