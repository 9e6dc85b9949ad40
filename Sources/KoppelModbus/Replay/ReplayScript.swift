internal import KoppelCore

/// A transcript arranged for being asked: each recorded question with what came after it.
struct ReplayScript {
    struct Piece {
        /// Since the question was sent.
        let after: Duration
        let bytes: [UInt8]
    }

    struct Exchange {
        /// Unit id and PDU of the question, without what frames them.
        let question: [UInt8]
        /// The transaction id on TCP; 0 elsewhere.
        let transaction: UInt16
        /// What came until the next question was sent, in this order.
        var pieces: [Piece] = []
        /// When the connection ended in between; `nil` if it did not.
        var endsAfter: Duration?
    }

    private var exchanges: [Exchange] = []
    private var next = 0

    init(_ transcript: Transcript) {
        var time = Duration.zero
        for entry in transcript.entries {
            time += entry.silence
            switch entry.event {
            case .sent(let bytes):
                guard let exchange = Self.exchange(bytes, transcript.framing) else { continue }
                time = .zero
                exchanges.append(exchange)
            case .received(let bytes): last { $0.pieces.append(Piece(after: time, bytes: bytes)) }
            case .closed: last { $0.endsAfter = $0.endsAfter ?? time }
            case .opened, .failed: break
            }
        }
    }

    private mutating func last(_ change: (inout Exchange) -> Void) {
        guard !exchanges.isEmpty else { return }
        change(&exchanges[exchanges.count - 1])
    }

    private static func exchange(_ bytes: [UInt8], _ framing: Transcript.Framing) -> Exchange? {
        switch framing {
        case .tcp:
            guard bytes.count == 12 else { return nil }
            return Exchange(question: Array(bytes[6...]), transaction: UInt16(bytes[0]) << 8 | UInt16(bytes[1]))
        case .rtu: return bytes.count == 8 ? Exchange(question: Array(bytes[..<6]), transaction: 0) : nil
        }
    }

    /// The next time this question was asked, from where the replay stands; what was asked in between is passed over.
    /// `nil` if it never was: then nobody answers it.
    mutating func take(_ pdu: RequestPDU, unit: UnitID) -> Exchange? {
        let body = pdu.bytes
        let question = [unit.rawValue] + body.indices.map { body[$0] }
        guard let place = exchanges[next...].firstIndex(where: { $0.question == question }) else { return nil }
        next = place + 1
        return exchanges[place]
    }
}
