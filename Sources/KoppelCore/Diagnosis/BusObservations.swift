/// Everything an examination of a bus saw: what a diagnosis is made from.
package struct BusObservations: Hashable, Sendable {
    package var endpoint: BusEndpoint
    package var unit: UnitID
    /// Why the bus could not be opened; `nil` if it could.
    package var opening: BusError.Kind?
    /// How long the line was only listened to, and what came in that time.
    package var listened: Duration
    package var overheard: LineTraffic
    /// Questions to the unit with the settings of the bus.
    package var direct: [ProbeObservation]
    /// The same in the other framing, on TCP.
    package var otherFraming: [ProbeObservation]
    /// Questions to other units with the settings of the bus.
    package var sweep: [ProbeObservation]
    /// Questions with other rates and formats, on a serial line.
    package var otherLines: [ProbeObservation]
    /// True if sweep and other rates were left out since somebody else uses the bus (field rule P27).
    package var wasCautious: Bool

    package init(endpoint: BusEndpoint, unit: UnitID) {
        self.endpoint = endpoint
        self.unit = unit
        listened = .zero
        overheard = LineTraffic()
        direct = []
        otherFraming = []
        sweep = []
        otherLines = []
        wasCautious = false
    }

    package var requests: Int { direct.count + otherFraming.count + sweep.count + otherLines.count }
    package var isSerial: Bool { if case .rtu = endpoint { true } else { false } }
}
