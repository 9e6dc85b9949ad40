/// One client of the local socket: a line comes in, an answer goes out. A pure value; the server moves the bytes.
struct LocalConversation {
    enum Step: Equatable {
        /// More of the line has to come.
        case wait
        /// The whole line, without its line feed.
        case line([UInt8])
        /// It breaks the rules, and is cut off.
        case cutOff
    }

    private var received: [UInt8] = []
    private(set) var unsent: ArraySlice<UInt8> = []
    /// Cut off at this moment, whatever it is doing.
    private(set) var deadline: ContinuousClock.Instant

    init(until deadline: ContinuousClock.Instant) { self.deadline = deadline }

    var isAnswering: Bool { !unsent.isEmpty }

    /// Bytes came in. A client that says more than one line, or a line that is too long, breaks the rules.
    mutating func take(_ bytes: some Sequence<UInt8>) -> Step {
        for byte in bytes {
            if received.last == UInt8(ascii: "\n") { return .cutOff }
            received.append(byte)
            if received.count > LocalRequest.longestLine { return .cutOff }
        }
        guard received.last == UInt8(ascii: "\n") else { return .wait }
        return .line(Array(received.dropLast()))
    }

    /// The answer is known.
    mutating func answer(_ bytes: [UInt8], until deadline: ContinuousClock.Instant) {
        unsent = bytes[...]
        self.deadline = deadline
    }

    /// - Returns: True if that was all.
    mutating func sent(_ count: Int) -> Bool {
        unsent = unsent.dropFirst(count)
        return unsent.isEmpty
    }
}
