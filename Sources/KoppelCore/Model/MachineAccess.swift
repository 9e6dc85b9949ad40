/// How a machine is reached and where each of its signals lies: what its owner needs to read it without the agent.
///
/// It names addresses in the owner's network, so it never goes to another party (data model 3.15).
package struct MachineAccess: Hashable, Sendable {
    package var endpoint: BusEndpoint
    package var unit: UnitID
    package var responseTimeout: Duration
    /// Every point that is read, helpers too.
    package var points: [Point]
    /// The interval of points that name none.
    package var interval: Duration

    package init(
        endpoint: BusEndpoint, unit: UnitID, responseTimeout: Duration, points: [Point], interval: Duration
    ) {
        self.endpoint = endpoint
        self.unit = unit
        self.responseTimeout = responseTimeout
        self.points = points
        self.interval = interval
    }
}
