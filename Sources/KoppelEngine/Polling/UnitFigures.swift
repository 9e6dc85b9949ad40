package import KoppelCore

/// What a bus has seen of one unit since polling began, for `koppel status` and the report.
package struct UnitFigures: Sendable {
    package enum State: String, Sendable {
        /// Nothing was asked yet.
        case waiting
        case answering
        /// It answered before and does not now; it is asked now and then.
        case silent
        /// No answer since polling began (field rule P26): mostly a wrong unit id, baud rate or wire.
        case neverAnswered = "never-answered"
        /// It answers so slowly that it is held back for the sake of the others.
        case overShare = "over-share"
    }

    package var key: UnitOnBus
    /// The machines that are read from this unit.
    package var machines: [Identifier]
    package var state = State.waiting
    /// Questions put on the wire, repeats included.
    package var requests: UInt64 = 0
    /// Answers with values.
    package var answers: UInt64 = 0
    package var timeouts: UInt64 = 0
    /// Something came that is no answer to the question.
    package var badFrames: UInt64 = 0
    /// Questions asked a second time within their slot.
    package var retries: UInt64 = 0
    /// Exception answers by code; at most 256.
    package var exceptions: [UInt8: UInt64] = [:]
    /// Slots that went by without a question.
    package var missedSlots: UInt64 = 0
    /// Part of the bus time this unit took, over the last 10 s or so.
    package var busyShare = 0.0
    /// Half of the answers came within this time, and all but one in a thousand within that; `nil` without answers.
    package var medianResponse: Duration?
    package var slowestResponse: Duration?
    /// How long the next question waits for its answer.
    package var timeout: Duration
    package var lastTrouble: UnitTrouble?
    /// Its SunSpec models, if a machine of it asks for them and it has any.
    package var models: ModelChain?
    /// Why those are not the models that a machine reads.
    package var layoutTrouble: String?

    package init(key: UnitOnBus, machines: [Identifier], timeout: Duration) {
        self.key = key
        self.machines = machines
        self.timeout = timeout
    }

    /// How much of the timeout the slowest answers leave, up to 1: below a half it is too short for comfort (field rule
    /// P06).
    package var headroom: Double? {
        timeout > .zero ? slowestResponse.map { max(0, 1 - $0.inSeconds / timeout.inSeconds) } : nil
    }
}

/// What went wrong last, and when.
package struct UnitTrouble: Sendable, CustomStringConvertible {
    package enum Cause: Sendable {
        case error(BusError)
        case exception(ModbusException, ReadRequest)
    }

    package var cause: Cause
    package var time: Timestamp

    package init(cause: Cause, time: Timestamp) {
        self.cause = cause
        self.time = time
    }

    package var description: String {
        switch cause {
        case .error(let error): "\(error)"
        case .exception(let exception, let request): "\(request): \(exception)"
        }
    }
}
