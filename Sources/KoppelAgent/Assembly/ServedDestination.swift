internal import KoppelCore
internal import KoppelEngine

/// A destination that is ready to be served, in whatever dialect.
struct ServedDestination: Sendable {
    /// What it was made of.
    let inputs: DestinationInputs
    let gauge: DeliveryGauge
    /// Where its latest values wait; `nil` if it wants none.
    let lane: LiveLane?
    /// Serves it until the task is cancelled. Throws only what no waiting can mend.
    let run: @Sendable () async throws -> Void

    var id: Identifier { inputs.settings.id }
}
