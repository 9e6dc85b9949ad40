/// The direction control of a two-wire line, done by the kernel (Linux `TIOCSRS485`): it switches the driver off right
/// after the last bit, which no program can do in time (field rule P05).
package struct RS485: Hashable, Sendable {
    /// The level of RTS while sending: true is high, which most boards want.
    package var rtsOnSend: Bool
    /// From switching the driver on to the first bit, 0 to 100 ms, in whole milliseconds.
    package var delayBeforeSend: Duration
    /// From the last bit to switching the driver off, 0 to 100 ms, in whole milliseconds. What a unit answers in this
    /// time is lost.
    package var delayAfterSend: Duration

    package init(rtsOnSend: Bool = true, delayBeforeSend: Duration = .zero, delayAfterSend: Duration = .zero) {
        self.rtsOnSend = rtsOnSend
        self.delayBeforeSend = delayBeforeSend
        self.delayAfterSend = delayAfterSend
    }
}
