/// One decoded point of a block.
package struct DecodedPoint: Hashable, Sendable {
    /// The point's place in the list the ``BlockDecoder`` was made with.
    package var point: Int
    package var decoded: Decoded

    package init(point: Int, decoded: Decoded) {
        self.point = point
        self.decoded = decoded
    }
}

/// Decodes all points of one planned read. Offsets, decoders, scale registers and the signals that say whether a value
/// counts are looked up once, when it is made.
package struct BlockDecoder: Sendable {
    // Without references, which is worth a third of the time: see ``WireReader``.
    private struct Member: Sendable {
        let point: Int
        let offset: Int
        let reader: WireReader
        let isPlain: Bool
    }

    /// Where a signal comes from that a value needs.
    private enum Source: Sendable {
        /// In the same answer, whether or not it is due itself.
        case here(offset: Int, decoder: PointDecoder)
        /// Out of reach of this read, so only an earlier answer can tell.
        case elsewhere(point: Int)
        /// The profile names a signal that is no point.
        case missing
    }

    private struct Judge: Sendable {
        let rule: ValidityRule
        let source: Source

        /// What the status says of the value. What was in order at another moment says little of this one.
        func condition(_ words: Span<UInt16>, _ earlier: [Int: Decoded]) -> Condition {
            switch source {
            case .here(let offset, let decoder): rule.judgement(of: decoder.decode(words, at: offset))
            case .elsewhere(let point): rule.judgement(of: earlier[point] ?? .bad(.decodeError)).orWorse(.derived)
            case .missing: .configError
            }
        }
    }

    /// What is read: the words of each answer belong to these addresses.
    package let block: RegisterSpan
    private let members: [Member]
    /// One per member.
    private let decoders: [PointDecoder]
    /// One per member, or empty if no member needs another signal.
    private let scales: [Source?]
    /// As ``scales``.
    private let judges: [[Judge]]

    /// - Parameters:
    ///   - points: All points of the machine, since what a value needs need not be a member.
    ///   - members: Indices into `points`, in the order the results come in. Each lies wholly within the block.
    ///   - block: What is read.
    package init(points: [Point], members: [Int], block: RegisterSpan) {
        self.block = block
        let decoders = members.map { PointDecoder(points[$0]) }
        self.decoders = decoders
        self.members = zip(members, decoders).map { index, decoder in
            precondition(
                block.contains(points[index]),
                "the point \(points[index].signal) does not lie within the read it was planned into")
            return Member(
                point: index, offset: block.offset(of: points[index]), reader: decoder.reader,
                isPlain: decoder.rules == nil && points[index].validWhen.isEmpty)
        }
        guard members.contains(where: { !points[$0].companions.isEmpty }) else {
            (scales, judges) = ([], [])
            return
        }
        let places = Dictionary(points.indices.map { (points[$0].signal, $0) }, uniquingKeysWith: { first, _ in first })
        func source(_ name: SignalName) -> Source {
            guard let place = places[name], points[place].companions.isEmpty else { return .missing }
            guard block.contains(points[place]) else { return .elsewhere(point: place) }
            return .here(offset: block.offset(of: points[place]), decoder: PointDecoder(points[place]))
        }
        scales = members.map { points[$0].scaleRegister.map(source) }
        judges = members.map { points[$0].validWhen.map { Judge(rule: $0, source: source($0.signal)) } }
    }

    /// Appends one result per member, in their order.
    ///
    /// What a value needs is taken from the same answer if it is read in it. If it can only come from an earlier answer,
    /// the value is uncertain at best, reason `derived` (field rule P46); if there is none, it is bad, `decode-error`.
    ///
    /// - Parameters:
    ///   - words: The whole answer. What is not there gives `decode-error`.
    ///   - earlier: The latest readings of needed signals outside this block, by their place in the points.
    ///   - results: Not emptied first, so that one array serves a whole sweep.
    package func decode(
        _ words: Span<UInt16>, earlier: [Int: Decoded] = [:], into results: inout [DecodedPoint]
    ) {
        for index in members.indices {
            let member = members[index]
            let decoded =
                member.isPlain
                ? member.reader.plain(words, at: member.offset) : ruled(index, words, at: member.offset, earlier)
            results.append(DecodedPoint(point: member.point, decoded: decoded))
        }
    }

    private func ruled(_ index: Int, _ words: Span<UInt16>, at offset: Int, _ earlier: [Int: Decoded]) -> Decoded {
        guard !scales.isEmpty else { return decoders[index].decode(words, at: offset) }
        var decoded = scaled(index, words, at: offset, earlier)
        for judge in judges[index] { decoded = decoded.doubted(for: judge.condition(words, earlier)) }
        return decoded
    }

    private func scaled(_ index: Int, _ words: Span<UInt16>, at offset: Int, _ earlier: [Int: Decoded]) -> Decoded {
        switch scales[index] {
        case nil: return decoders[index].decode(words, at: offset)
        case .missing: return .bad(.configError)
        case .here(let scaleOffset, let scale):
            return decoders[index].decode(words, at: offset, scale: scale.decode(words, at: scaleOffset))
        case .elsewhere(let point):
            let scale = earlier[point] ?? .bad(.decodeError)
            var decoded = decoders[index].decode(words, at: offset, scale: scale)
            if decoded.condition == .good { decoded.condition = .derived }
            return decoded
        }
    }
}

extension PointDecoder {
    /// The value, with what its scale register said. The worse of both qualities wins: a scale register without a
    /// value leaves none, `sentinel-not-supported` if that is what it said and `decode-error` otherwise.
    package func decode(_ words: Span<UInt16>, at offset: Int, scale: Decoded) -> Decoded {
        guard let number = scale.value?.number, let exponent = Int(exactly: number),
            PointDecoder.exponents.contains(exponent)
        else {
            // The point's own sentinel is the better reason, if it has one.
            let alone = decode(words, at: offset)
            return alone.condition == .decodeError && scale.condition == .notSupported ? .bad(.notSupported) : alone
        }
        var decoded = decode(words, at: offset, exponent: exponent)
        if decoded.condition.quality < scale.condition.quality { decoded.condition = scale.condition }
        return decoded
    }
}

extension RegisterSpan {
    /// Where the point's first register or bit lies in an answer to a read of these addresses.
    fileprivate func offset(of point: Point) -> Int { Int(point.address) - Int(addresses.lowerBound) }

    /// True if all registers of the point are within these addresses.
    package func contains(_ point: Point) -> Bool {
        point.table == table && point.address >= addresses.lowerBound
            && Int(point.address) + point.wire.registers - 1 <= Int(addresses.upperBound)
    }
}

extension ReadRequest {
    /// The addresses that are read.
    package var block: RegisterSpan {
        // The initialiser has made sure that the count is at least 1 and the end within 65,535.
        RegisterSpan(table: table, addresses: start...(start + (count - 1)))
    }
}
