/// Finds the SunSpec models of a unit, one question at a time: the marker, then id and length of each model.
///
/// A pure value. It ends: there are three places for the marker and at most ``ModelChain/mostModels`` models.
package struct ChainWalk: Hashable, Sendable {
    /// Where the marker stands in most devices; an example device has it there.
    package static let usualBase: UInt16 = 40_000
    /// Where the marker may stand (SunSpec Device Information Model Specification, "Device Modbus Map"), the usual
    /// place first.
    package static let bases = [usualBase, 0, 50_000]

    package enum Result: Hashable, Sendable {
        case found(ModelChain)
        /// The marker stands at none of the places.
        case noMarker
    }

    private let unit: UnitID
    /// Places for the marker of which nothing is known yet, the next one first. Not empty before the marker is found.
    private var candidates: [UInt16]
    private var chain: ModelChain?
    package private(set) var result: Result?

    /// - Parameters:
    ///   - unit: Whom to ask.
    ///   - base: Where the marker stood before, to look there first.
    package init(unit: UnitID, base: UInt16? = nil) {
        self.unit = unit
        candidates = [base].compactMap(\.self) + Self.bases.filter { $0 != base }
    }

    /// True once the marker was found.
    package var isInChain: Bool { chain != nil }

    /// The next question, always for two registers; `nil` when the walk is over.
    package var question: ReadRequest? {
        guard result == nil else { return nil }
        let start = chain.map { UInt16(exactly: $0.end) } ?? candidates.first
        return start.flatMap { ReadRequest(unit: unit, table: .holdingRegister, start: $0, count: 2) }
    }

    /// Takes in the answer to ``question``. A refusal says that nothing is there.
    package mutating func answered(_ outcome: ReadOutcome) {
        guard result == nil else { return }
        let words: [UInt16] = if case .words(let words) = outcome { words } else { [] }
        if chain == nil { lookForMarker(words) } else { takeModel(words) }
    }

    /// No answer came. Some devices are silent where they have no registers, so the other places are tried before this
    /// one again; only an answer can say that nothing is there. A chain that was begun is begun again.
    package mutating func unanswered() {
        guard result == nil else { return }
        if let base = chain?.base {
            self = ChainWalk(unit: unit, base: base)
        } else {
            candidates.append(candidates.removeFirst())
        }
    }

    private mutating func lookForMarker(_ words: [UInt16]) {
        let base = candidates.removeFirst()
        if words == ModelChain.marker {
            chain = ModelChain(base: base, models: [], isClosed: false)
        } else if candidates.isEmpty {
            result = .noMarker
        }
    }

    private mutating func takeModel(_ words: [UInt16]) {
        guard var chain else { return }
        let isEnd = words.first == ModelChain.endID
        // Zeros are what many devices have behind a chain that nobody ended, and a model that runs past the last register
        // is none.
        if !isEnd, words.count == 2, words[0] != 0, let address = UInt16(exactly: chain.end),
            case let model = ModelChain.Model(id: words[0], address: address, length: words[1]), model.end <= 65_536
        {
            chain.models.append(model)
            self.chain = chain
            guard chain.models.count == ModelChain.mostModels || chain.end > 65_534 else { return }
        }
        chain.isClosed = isEnd
        result = .found(chain)
    }
}
