internal import KoppelCore

/// What whole frames stand among bytes that are no answer of ours.
struct LineFrames: Equatable {
    /// Answers of the unit asked last, in the table asked last.
    var strayAnswers = 0
    /// Our own last question, heard back.
    var echoes = 0
    /// All others, whoever sent them.
    var foreign = 0

    var isEmpty: Bool { self == LineFrames() }

    /// Looks for frames of the function codes 1 to 6, 15 and 16, with a valid checksum.
    ///
    /// - Parameters:
    ///   - bytes: What was received, at most the capacity of a ``ReceiveBuffer``.
    ///   - last: The question asked last, if any.
    ///   - sent: Its frame.
    init(in bytes: Span<UInt8>, last: ReadRequest?, sent: Span<UInt8>) {
        var start = 0
        while start + 4 <= bytes.count {
            guard let frame = Self.frame(in: bytes, at: start) else {
                start += 1
                continue
            }
            let found = bytes.extracting(start..<start + frame.length)
            let function = found[1] & 0x7F
            if frame.isQuestion, equal(found, sent) {
                echoes += 1
            } else if !frame.isQuestion, let last, found[0] == last.unit.rawValue, function == last.table.rawValue {
                strayAnswers += 1
            } else {
                foreign += 1
            }
            start += frame.length
        }
    }

    private init() {}

    private static func frame(in bytes: Span<UInt8>, at start: Int) -> (length: Int, isQuestion: Bool)? {
        let rest = bytes.extracting(droppingFirst: start)
        func isWhole(_ length: Int) -> Bool {
            length <= rest.count && length <= RTU.maximumFrameLength
                && RTU.hasValidChecksum(rest.extracting(first: length))
        }
        switch rest[1] {
        case 1...4:
            if isWhole(5 + Int(rest[2])) { return (5 + Int(rest[2]), false) }
            return isWhole(8) ? (8, true) : nil
        case 5, 6: return isWhole(8) ? (8, true) : nil
        case 15, 16:
            if rest.count > 6, isWhole(9 + Int(rest[6])) { return (9 + Int(rest[6]), true) }
            return isWhole(8) ? (8, false) : nil
        case 0x81...0x90: return isWhole(5) ? (5, false) : nil
        default: return nil
        }
    }
}

/// True if both hold the same bytes.
func equal(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
    left.count == right.count && left.indices.allSatisfy { left[$0] == right[$0] }
}
