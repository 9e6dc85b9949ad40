package import KoppelCore
internal import KoppelModbus

/// A recorded bus, read again: what the agent makes of each answer (`koppel replay`, `koppel explain`).
package struct TranscriptReplay: Sendable {
    /// One question with the signals that lie in its answer.
    package struct Line: Sendable {
        package var request: ReadRequest
        /// When it was sent, on the wall clock of the record.
        package var sent: Timestamp
        /// From sending it to the whole answer; `nil` if no usable answer came.
        package var elapsed: Duration?
        /// Why there are no words: an exception, or what was wrong; `nil` if there are.
        package var failure: String?
        package var signals: [Signal]
    }

    package struct Signal: Sendable {
        package var point: Point
        /// Empty if there was no answer.
        package var words: [UInt16]
        package var decoded: Decoded
    }

    private let transcript: Transcript
    private let points: [Point]
    /// What has to be found in the record before it is known where the points are.
    private let profile: DeviceProfile?

    /// `points` are the signals to look for, with their scale registers, where they are in the device.
    init(_ transcript: Transcript, points: [Point]) {
        self.transcript = transcript
        self.points = points
        profile = nil
    }

    /// - Throws: ``Failure`` if the text is no transcript.
    package init(text: String, profile: DeviceProfile) throws(Failure) {
        do throws(TranscriptError) {
            transcript = try Transcript(text: text)
            points = profile.points
            self.profile = profile.layout == nil ? nil : profile
        } catch {
            throw Failure(line: error.line, sentence: error.sentence)
        }
    }

    /// Why a text is no transcript.
    package struct Failure: Error, Sendable {
        /// From 1.
        package var line: Int
        package var sentence: String
    }

    /// Where the record comes from, for a title.
    package var title: String {
        "bus \(transcript.bus), \(transcript.url), recorded by koppel \(transcript.version)"
            + (transcript.lost > 0 ? ", \(transcript.lost) earlier lines not kept" : "")
    }

    /// The units that were asked, in the order of their numbers.
    package var units: [UnitID] { Set(transcript.entries.compactMap { transcript.request($0.event)?.unit }).sorted() }

    /// Every recorded question to a unit with what it gave.
    package func lines(unit: UnitID) async -> [Line] {
        // A scale register or a status may have come in an earlier answer.
        var words: [RegisterTable: [UInt16: [UInt16]]] = [:]
        var points = profile == nil ? points : []
        var walk = RecordedWalk(unit: unit)
        return await transcript.exchanges(unit: unit).map { exchange in
            if let layout = profile?.layout, let chain = walk.take(exchange) {
                points = ModelPlaces(layout, in: chain).located(self.points)
                words = [:]
            }
            let covered = points.filter { exchange.request.block.contains($0) }
            guard case .words(let answer) = exchange.answer?.outcome else {
                let condition = exchange.condition
                return Line(
                    exchange, signals: covered.map { Signal(point: $0, words: [], decoded: .bad(condition)) })
            }
            // Word by word: what an earlier question asked from a later address on is not newer than this.
            for (offset, word) in answer.enumerated() {
                words[exchange.request.table, default: [:]][exchange.request.start &+ UInt16(offset)] = [word]
            }
            let decoded = Dictionary(decodeAll(points: points, words: words)) { first, _ in first }
            return Line(
                exchange,
                signals: covered.map { point in
                    let begin = Int(point.address - exchange.request.start)
                    return Signal(
                        point: point, words: Array(answer[begin..<begin + point.wire.registers]),
                        decoded: decoded[point.signal] ?? .bad(.decodeError))
                })
        }
    }
}

/// Follows the questions for SunSpec models in a record.
private struct RecordedWalk {
    let unit: UnitID
    private var walk: ChainWalk?

    init(unit: UnitID) { self.unit = unit }

    /// The models, when this exchange was the last question for them.
    mutating func take(_ exchange: ReplayedExchange) -> ModelChain? {
        guard let outcome = exchange.answer?.outcome else { return nil }
        let start = exchange.request.start
        if outcome == .words(ModelChain.marker), exchange.request.table == .holdingRegister {
            walk = ChainWalk(unit: unit, base: start)
        }
        guard walk?.question == exchange.request else { return nil }
        walk?.answered(outcome)
        guard case .found(let chain) = walk?.result else { return nil }
        walk = nil
        return chain
    }
}

extension TranscriptReplay.Line {
    fileprivate init(_ exchange: ReplayedExchange, signals: [TranscriptReplay.Signal]) {
        var failure = exchange.error.map { "\($0)" }
        if case .exception(let exception) = exchange.answer?.outcome {
            failure = "the device answers with \(exception)"
        }
        self.init(
            request: exchange.request, sent: exchange.sent, elapsed: exchange.answer?.elapsed, failure: failure,
            signals: signals)
    }
}

extension ReplayedExchange {
    /// What it means for the signals in it if there are no words.
    var condition: Condition {
        if case .exception(let exception) = answer?.outcome { return Condition(exception) }
        return error?.condition ?? .timeout
    }
}
