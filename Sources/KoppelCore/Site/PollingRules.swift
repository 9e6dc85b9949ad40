/// What a unit may do on its bus. A bus and each of its machines can say it, and no profile does (field rule P07).
/// `nil` means what the bus says, or the default.
package struct PollingRules: Hashable, Sendable {
    /// The part of the bus time that a slow or silent unit may take from the others, 0.01 to 1. Default 0.1.
    package var share: Double?
    /// How often a lost answer is asked for again within its slot, 0 to 5. Default 1.
    package var retries: Int?
    /// True if the response timeout was set for this machine by hand: then none is learned.
    package var isTimeoutFixed: Bool

    package init(share: Double? = nil, retries: Int? = nil, isTimeoutFixed: Bool = false) {
        self.share = share
        self.retries = retries
        self.isTimeoutFixed = isTimeoutFixed
    }
}
