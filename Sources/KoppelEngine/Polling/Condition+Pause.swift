internal import KoppelCore

extension Condition {
    /// True if asking at once again does harm and no good: a gateway calls the unit absent, or it is busy (fault F23).
    var asksForPause: Bool {
        switch self {
        case .gatewayPath, .gatewayTarget, .busy, .acknowledge: true
        default: false
        }
    }
}
