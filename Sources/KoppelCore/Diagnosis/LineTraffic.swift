/// How Modbus frames are wrapped on the way.
package enum Framing: String, Hashable, Sendable {
    /// Unit id, PDU, checksum.
    case rtu = "RTU"
    /// MBAP header, PDU.
    case tcp = "Modbus TCP"
}

/// A whole frame that was seen on a line, whoever sent it.
package struct SeenFrame: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// What a master sends.
        case question
        case answer
        case exception
    }

    package var unit: UInt8
    /// Without the bit that marks an exception.
    package var function: UInt8
    package var kind: Kind

    package init(unit: UInt8, function: UInt8, kind: Kind) {
        self.unit = unit
        self.function = function
        self.kind = kind
    }
}

/// What was received in some time: whole frames, and bytes that belong to none.
package struct LineTraffic: Hashable, Sendable {
    package var frames: [SeenFrame]
    /// Bytes outside of frames.
    package var stray: Int
    /// True if the other side ended the connection.
    package var hasEnded: Bool

    package init(frames: [SeenFrame] = [], stray: Int = 0, hasEnded: Bool = false) {
        self.frames = frames
        self.stray = stray
        self.hasEnded = hasEnded
    }

    package var isSilent: Bool { frames.isEmpty && stray == 0 }
}

/// One question of an examination and everything that was heard after it.
package struct ProbeObservation: Hashable, Sendable {
    package var unit: UnitID
    package var function: UInt8
    package var framing: Framing
    /// `nil` on TCP.
    package var line: SerialLine?
    /// True if our own question came back first. It is not in ``traffic``.
    package var isEchoed: Bool
    package var traffic: LineTraffic
    /// From sending to the first byte that is no echo.
    package var firstByteAfter: Duration?

    package init(
        unit: UnitID, function: UInt8, framing: Framing, line: SerialLine? = nil, isEchoed: Bool = false,
        traffic: LineTraffic = LineTraffic(), firstByteAfter: Duration? = nil
    ) {
        self.unit = unit
        self.function = function
        self.framing = framing
        self.line = line
        self.isEchoed = isEchoed
        self.traffic = traffic
        self.firstByteAfter = firstByteAfter
    }

    /// Answers and refusals of the unit that was asked.
    package var ownAnswers: Int {
        traffic.frames.count { $0.kind != .question && $0.unit == unit.rawValue && $0.function == function }
    }

    /// Other units that answered, without anybody else having asked them.
    package var strangers: [UInt8] {
        guard !hasForeignQuestion else { return [] }
        return traffic.frames.filter { $0.kind != .question && $0.unit != unit.rawValue }.map(\.unit)
    }

    package var hasForeignQuestion: Bool { traffic.frames.contains { $0.kind == .question } }

    /// Exactly one answer, and nothing else.
    package var isClean: Bool { ownAnswers == 1 && traffic.frames.count == 1 && traffic.stray == 0 }
}
