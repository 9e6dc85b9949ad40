internal import KoppelCore

/// Recognises that another client uses our client id, from a broker that does not say so (fault U14).
///
/// Mosquitto 2.0.11 sends no reason when it closes a connection because its client id connected again. What is left is
/// a rhythm: accepted, closed soon after, accepted again. It is a suspicion and no proof, so it changes the words and
/// not the pauses, which double in any case as long as no connection lasts.
struct DropRhythm {
    /// Closed connections in a row that make a suspicion.
    static let enough = 3

    private let stableAfter: Duration
    private var drops = 0

    init(stableAfter: Duration) { self.stableAfter = stableAfter }

    /// Takes note of the end of a connection. `lasted` is how long the broker accepted us, `nil` if it did not.
    ///
    /// Returns how many connections in a row the broker accepted and closed soon after, once that is suspicious.
    mutating func ended(_ kind: UplinkError.Kind, lasted: Duration?) -> Int? {
        guard kind == .connectionLost, let lasted, lasted < stableAfter else {
            drops = 0
            return nil
        }
        drops += 1
        return drops >= Self.enough ? drops : nil
    }
}
