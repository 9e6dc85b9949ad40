/// The figures of one window of one machine, ready to be made into a message (data model 3.12 b, aggregated).
package struct WindowFigures: Hashable, Sendable {
    /// One figure of one signal.
    package struct Row: Hashable, Sendable {
        package var signal: SignalNumber
        package var function: Aggregate.Function
        /// `nil` exactly if the status is bad.
        package var value: Double?
        package var statusCode: UInt32

        package init(signal: SignalNumber, function: Aggregate.Function, value: Double?, statusCode: UInt32) {
            self.signal = signal
            self.function = function
            self.value = value
            self.statusCode = statusCode
        }
    }

    /// What is missing, in whole windows.
    package struct Missing: Hashable, Sendable {
        package var signal: SignalNumber
        package var from: Timestamp
        package var to: Timestamp
        package var lost: UInt64
        /// The kebab-case token.
        package var reason: String

        package init(signal: SignalNumber, from: Timestamp, to: Timestamp, lost: UInt64, reason: String) {
            self.signal = signal
            self.from = from
            self.to = to
            self.lost = lost
            self.reason = reason
        }
    }

    package var machine: MachineNumber
    package var rev: UInt32
    package var epoch: UInt32
    /// The window's place since 1970: the same window has the same number for good.
    package var seq: UInt64
    package var start: Timestamp
    package var length: Duration
    package var isBuffered: Bool
    package var clock: ClockState
    /// At least one.
    package var rows: [Row]
    package var missing: [Missing]

    package init(
        machine: MachineNumber, rev: UInt32, epoch: UInt32, seq: UInt64, start: Timestamp, length: Duration,
        isBuffered: Bool, clock: ClockState, rows: [Row], missing: [Missing]
    ) {
        self.machine = machine
        self.rev = rev
        self.epoch = epoch
        self.seq = seq
        self.start = start
        self.length = length
        self.isBuffered = isBuffered
        self.clock = clock
        self.rows = rows
        self.missing = missing
    }
}
