package import KoppelCore

/// Finds whole frames in bytes of which nothing is known: who sent them, where they begin, what lies between.
package enum FrameFinder {
    /// The frames in the order in which they came, and how many bytes belong to none.
    package static func traffic(in bytes: [UInt8], framing: Framing, hasEnded: Bool = false) -> LineTraffic {
        var traffic = LineTraffic(hasEnded: hasEnded)
        var start = 0
        while start < bytes.count {
            let rest = bytes[start...]
            if let (frame, length) = framing == .rtu ? rtuFrame(Array(rest)) : tcpFrame(Array(rest)) {
                traffic.frames.append(frame)
                start += length
            } else {
                traffic.stray += 1
                start += 1
            }
        }
        return traffic
    }

    /// A frame of the eight functions that a line carries in practice, at the very start, with a checksum that fits.
    /// Noise passes for one in less than one of a million bytes.
    private static func rtuFrame(_ bytes: [UInt8]) -> (SeenFrame, Int)? {
        guard bytes.count >= RTU.minimumFrameLength else { return nil }
        let function = bytes[1] & 0x7F
        guard [1, 2, 3, 4, 5, 6, 15, 16].contains(function) else { return nil }
        var shapes: [(SeenFrame.Kind, Int)] = []
        if bytes[1] & 0x80 != 0 {
            shapes = [(.exception, 5)]
        } else if function <= 4 {
            let data = Int(bytes[2])
            if data > 0, function <= 2 || data % 2 == 0 { shapes.append((.answer, 5 + data)) }
            shapes.append((.question, 8))
        } else {
            // Writes echo their head, so one of eight bytes may be either; with data it is the question.
            if function >= 15, bytes.count > 6 { shapes.append((.question, 9 + Int(bytes[6]))) }
            shapes.append((.question, 8))
        }
        for (kind, length) in shapes where length <= bytes.count {
            guard RTU.hasValidChecksum(bytes.span.extracting(0..<length)) else { continue }
            return (SeenFrame(unit: bytes[0], function: function, kind: kind), length)
        }
        return nil
    }

    private static func tcpFrame(_ bytes: [UInt8]) -> (SeenFrame, Int)? {
        guard case .frame(let frame) = MBAP.scan(bytes.span), let code = bytes[frame.pdu].first else { return nil }
        let kind: SeenFrame.Kind = code & 0x80 != 0 ? .exception : .answer
        return (SeenFrame(unit: frame.unit, function: code & 0x7F, kind: kind), frame.length)
    }
}
