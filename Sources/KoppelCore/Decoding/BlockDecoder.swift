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

/// Decodes all points of one planned read. Offsets, decoders and scale registers are looked up once, when it is made.
package struct BlockDecoder: Sendable {
    private struct Member: Sendable {
        let point: Int
        let offset: Int
        let decoder: PointDecoder
        let scale: ScaleSource
    }

    private enum ScaleSource: Sendable {
        case none
        /// In the same answer, whether or not it is due itself.
        case here(offset: Int, decoder: PointDecoder)
        /// Out of reach of this read, so only an earlier answer can tell.
        case elsewhere(point: Int)
        /// The profile names a scale register that is no point.
        case missing
    }

    /// What is read: the words of each answer belong to these addresses.
    package let block: RegisterSpan
    private let members: [Member]

    /// - Parameters:
    ///   - points: All points of the machine, since a scale register need not be a member.
    ///   - members: Indices into `points`, in the order the results come in. Each lies wholly within the block.
    ///   - block: What is read.
    package init(points: [Point], members: [Int], block: RegisterSpan) {
        self.block = block
        let places = Dictionary(points.indices.map { (points[$0].signal, $0) }, uniquingKeysWith: { first, _ in first })
        self.members = members.map { index in
            let point = points[index]
            precondition(
                block.contains(point), "the point \(point.signal) does not lie within the read it was planned into")
            return Member(
                point: index, offset: Int(point.address - block.addresses.lowerBound), decoder: PointDecoder(point),
                scale: BlockDecoder.scale(of: point, points: points, places: places, block: block))
        }
    }

    private static func scale(
        of point: Point, points: [Point], places: [SignalName: Int], block: RegisterSpan
    ) -> ScaleSource {
        guard let name = point.scaleRegister else { return .none }
        guard let place = places[name], points[place].scaleRegister == nil else { return .missing }
        guard block.contains(points[place]) else { return .elsewhere(point: place) }
        return .here(
            offset: Int(points[place].address - block.addresses.lowerBound), decoder: PointDecoder(points[place]))
    }

    /// Appends one result per member, in their order.
    ///
    /// A scale register that is read in the same answer is taken from it. If it can only come from an earlier answer,
    /// the value is uncertain, reason `derived` (field rule P46); if there is none, it is bad, `decode-error`.
    ///
    /// - Parameters:
    ///   - words: The whole answer. What is not there gives `decode-error`.
    ///   - earlierScales: The latest readings of scale registers outside this block, by their place in the points.
    ///   - results: Not emptied first, so that one array serves a whole sweep.
    package func decode(
        _ words: Span<UInt16>, earlierScales: [Int: Decoded] = [:], into results: inout [DecodedPoint]
    ) {
        for index in members.indices {
            results.append(DecodedPoint(point: members[index].point, decoded: decode(index, words, earlierScales)))
        }
    }

    private func decode(_ index: Int, _ words: Span<UInt16>, _ earlier: [Int: Decoded]) -> Decoded {
        let offset = members[index].offset
        switch members[index].scale {
        case .none: return members[index].decoder.decode(words, at: offset)
        case .missing: return .bad(.configError)
        case .here(let scaleOffset, let scaleDecoder):
            return members[index].decoder.decode(words, at: offset, scale: scaleDecoder.decode(words, at: scaleOffset))
        case .elsewhere(let point):
            var decoded = members[index].decoder.decode(
                words, at: offset, scale: earlier[point] ?? .bad(.decodeError))
            if decoded.condition == .good { decoded.condition = .derived }
            return decoded
        }
    }
}

extension PointDecoder {
    /// The value, with what its scale register said. The worse of both qualities wins: a scale register without a
    /// value leaves none, `sentinel-not-supported` if that is what it said and `decode-error` otherwise.
    package func decode(_ words: Span<UInt16>, at offset: Int, scale: Decoded) -> Decoded {
        guard let number = scale.value?.number, let exponent = Int(exactly: number), (-18...18).contains(exponent)
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
