internal import KoppelCore

/// Remembers which answers may still come late on a serial line, so that none is taken for a later one.
///
/// An RTU answer carries no mark of its question but unit, function code and length. After a question went
/// unanswered, the next one of the same three is therefore asked one register (or eight bits) wider: a late answer
/// then has another length and is recognised (field rule P03, faults R07 and R08). Where that is impossible, or was
/// not answered either, the line has to be left silent until the slowest answer must have passed.
struct StaleAnswers {
    /// How a question is to be asked now.
    enum Advice: Equatable {
        /// As it is.
        case asIs
        /// With this many registers or bits on the wire; the first ones are the answer.
        case widened(to: Int)
        /// As it is, but not before this moment.
        case asIsAfter(ContinuousClock.Instant)
    }

    private struct Shape: Equatable {
        let unit: UnitID
        let table: RegisterTable
        let dataLength: Int

        init(_ request: ReadRequest, count: Int) {
            unit = request.unit
            table = request.table
            dataLength = AnswerPDU.dataLength(request.table, count: count)
        }
    }

    private struct Suspect {
        let shape: Shape
        let silentUntil: ContinuousClock.Instant
        let forgottenAt: ContinuousClock.Instant
        /// False once a wider question was refused or went unanswered: some devices keep silent when asked for too
        /// much.
        var mayWiden: Bool
    }

    /// At most this many are remembered; then the oldest is forgotten.
    static let bound = 32
    /// An answer that has not come after this many response timeouts is taken for lost, if the line is left alone.
    static let timeoutsUntilLost = 4
    /// How long a question is asked wider, in response timeouts and at least.
    static let timeoutsUntilForgotten = 10
    static let leastMemory = Duration.seconds(5)

    private var suspects: [Suspect] = []

    /// An answer did not come within `timeout`; `asked` registers or bits had been asked for on the wire.
    mutating func unanswered(_ request: ReadRequest, asked: Int, timeout: Duration, at now: ContinuousClock.Instant) {
        let wasWidened = asked != Int(request.count)
        for count in Set([asked, Int(request.count)]) {
            let shape = Shape(request, count: count)
            let known = suspects.first { $0.shape == shape }
            suspects.removeAll { $0.shape == shape }
            suspects.append(
                Suspect(
                    shape: shape, silentUntil: now + timeout * (Self.timeoutsUntilLost - 1),
                    forgottenAt: now + max(timeout * Self.timeoutsUntilForgotten, Self.leastMemory),
                    mayWiden: !wasWidened && known?.mayWiden ?? true))
        }
        if suspects.count > Self.bound { suspects.removeFirst(suspects.count - Self.bound) }
    }

    /// The unit refused the wider question, so this one can only be made safe by silence.
    mutating func cannotWiden(_ request: ReadRequest) {
        for index in suspects.indices where suspects[index].shape == Shape(request, count: Int(request.count)) {
            suspects[index].mayWiden = false
        }
    }

    /// How to ask now.
    mutating func advice(for request: ReadRequest, at now: ContinuousClock.Instant) -> Advice {
        guard !suspects.isEmpty else { return .asIs }
        suspects.removeAll { $0.forgottenAt <= now }
        guard let suspect = suspect(request, count: Int(request.count)) else { return .asIs }
        let step = request.table.isBits ? 8 : 1
        let wider = Int(request.count) + step
        let fits = wider <= request.table.protocolLimit && Int(request.start) + wider <= 65_536
        if suspect.mayWiden, fits, self.suspect(request, count: wider) == nil { return .widened(to: wider) }
        return suspect.silentUntil > now ? .asIsAfter(suspect.silentUntil) : .asIs
    }

    private func suspect(_ request: ReadRequest, count: Int) -> Suspect? {
        suspects.first { $0.shape == Shape(request, count: count) }
    }
}
