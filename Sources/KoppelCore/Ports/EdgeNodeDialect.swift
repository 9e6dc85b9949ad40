/// How the messages of one edge node and its devices look: payloads and topics, and nothing of the order of events,
/// which the session keeps. Pure: it knows no clock and no connection.
///
/// A dialect is made for one configuration: the machines it knows do not change in its lifetime.
package protocol EdgeNodeDialect: Sendable {
    /// The machines it has a device for, in the order of their births.
    var machines: [MachineNumber] { get }

    /// What has to be subscribed before the first birth.
    var filters: [String] { get }

    /// The node is gone. It is the will of each connection and is published before an orderly end.
    func nodeDeath(bdSeq: UInt8, at time: Timestamp) -> OutgoingMessage

    /// Everything the node itself will ever report, as it is now.
    func nodeBirth(_ node: EdgeNodeStatus, bdSeq: UInt8, _ stamp: EdgeNodeStamp) -> OutgoingMessage

    /// What has changed of the node; `nil` if nothing has that is reported.
    func nodeData(_ node: EdgeNodeStatus, before: EdgeNodeStatus, _ stamp: EdgeNodeStamp) -> OutgoingMessage?

    /// Everything the device of a machine will ever report, with the data there is now; what there is no data for is
    /// null. `nil` if the machine is not known.
    func deviceBirth(_ machine: MachineNumber, _ data: [DeviceDatum], _ stamp: EdgeNodeStamp) -> OutgoingMessage?

    /// Data of a device, in order; `nil` if the machine is not known or has none of these signals.
    func deviceData(_ machine: MachineNumber, _ data: [DeviceDatum], _ stamp: EdgeNodeStamp) -> OutgoingMessage?

    /// The machine does not answer any more; `nil` if it is not known.
    func deviceDeath(_ machine: MachineNumber, _ stamp: EdgeNodeStamp) -> OutgoingMessage?

    /// What a message from outside asks or tells; `nil` if it is nothing for an edge node, or cannot be read.
    func understand(_ message: IncomingMessage) -> EdgeNodeInput?
}

/// What a host asks of an edge node, or tells it.
package enum EdgeNodeInput: Hashable, Sendable {
    /// The host wants everything from the births on.
    case rebirth
    /// The primary host is there, or is gone; milliseconds since 1970, as the host says.
    case host(isOnline: Bool, time: UInt64)
    /// Somebody wants to write. This agent never does.
    case write(metric: String)
}

/// What a session puts on each message but the death of the node.
package struct EdgeNodeStamp: Hashable, Sendable {
    package var seq: UInt8
    /// When it is sent, in UTC.
    package var time: Timestamp

    package init(seq: UInt8, time: Timestamp) {
        self.seq = seq
        self.time = time
    }
}

/// How it is with the node itself.
package struct EdgeNodeStatus: Hashable, Sendable {
    /// `urn:uuid:` made at each start of the process.
    package var session: String
    package var clock: ClockState
    /// Readings dropped before delivery, each declared in a gap.
    package var dropped: UInt64

    package init(session: String, clock: ClockState, dropped: UInt64) {
        self.session = session
        self.clock = clock
        self.dropped = dropped
    }
}

/// One thing to tell of a device.
package struct DeviceDatum: Hashable, Sendable {
    package enum Content: Hashable, Sendable {
        case reading(Reading)
        /// Readings that are missing.
        case gap(Gap)
        /// `nil` if the machine has a state no more.
        case state(MachineState?)
        case alarm(AlarmChange)
    }

    package var content: Content
    /// True if it is not how things stand now: something newer was told already.
    package var isHistorical: Bool
    /// True if what was told last was not good, so that good has to be said.
    package var saysGood: Bool

    package init(_ content: Content, isHistorical: Bool = false, saysGood: Bool = false) {
        self.content = content
        self.isHistorical = isHistorical
        self.saysGood = saysGood
    }
}
