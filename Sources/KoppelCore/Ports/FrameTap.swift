/// Sees what goes over one bus as it goes, for a record of it.
///
/// It is called on the thread of the bus, between a question and its answer: it must not block, and what it wants to
/// keep it copies. A bus without a tap pays nothing for it.
package protocol FrameTap: Sendable {
    /// Bytes went out or came in, just as they stand on the wire: an MBAP frame on TCP, an RTU frame with its checksum
    /// elsewhere.
    ///
    /// What goes out is one whole request. What comes in is what one read gave, 1 to 1,024 bytes: mostly one answer, but
    /// also part of one, several, or noise.
    func saw(_ bytes: Span<UInt8>, _ direction: FrameDirection, at instant: ContinuousClock.Instant)

    /// Something happened to the connection or the port.
    func saw(_ event: LinkEvent, at instant: ContinuousClock.Instant)
}

package enum FrameDirection: UInt8, Hashable, Sendable {
    case sent = 0
    case received = 1
}

package enum LinkEvent: Hashable, Sendable {
    /// The port was opened or the connection made.
    case opened
    /// It was closed: by us, by the other side, or since it became useless.
    case closed
    /// A question or the opening ended with an error.
    case failed(BusError.Kind)
}
