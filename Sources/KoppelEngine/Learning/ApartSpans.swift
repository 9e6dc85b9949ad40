internal import KoppelCore

/// The values that were refused when they were asked by themselves (field rule P29).
///
/// They go on being asked, in reads of their own, until they were answered a few times in a row; each time they are
/// demoted again it takes longer. A value that never was answered and is refused again and again, while the unit
/// answers other reads, is given up.
///
/// Bounded: at most ``most`` spans.
struct ApartSpans: Sendable {
    static let most = 64
    /// Refusals in a row, with an answer to some other read between them, until a value is given up.
    static let refusalsUntilGivenUp = 3
    static let answersUntilBack = 3
    private static let mostDoublings = 8

    private struct Apart: Sendable {
        let span: RegisterSpan
        var exception: ModbusException
        var refusals = 1
        var answers = 0
        var demotions = 1
        /// The unit answered something since the last refusal that counted.
        var unitAnswered = false
        /// False while it is back among the others; then only the number of demotions is kept.
        var isApart = true
    }

    private var known: [Apart] = []
    private(set) var spans: [RegisterSpan] = []

    /// Nothing is read apart, so an answer means nothing here.
    var isIdle: Bool { spans.isEmpty }

    /// A value was refused in a read of its own. Once is enough if that was presumed, from another unit of the model
    /// or from before.
    ///
    /// - Returns: True if it is to be given up, if it never was answered.
    mutating func refused(_ span: RegisterSpan, _ exception: ModbusException, isPresumed: Bool) -> Bool {
        defer { update() }
        guard let index = known.firstIndex(where: { $0.span == span }) else {
            makeRoom()
            known.append(Apart(span: span, exception: exception))
            return isPresumed
        }
        if !known[index].isApart {
            known[index].demotions += 1
            known[index].refusals = 0
        }
        if known[index].exception != exception { known[index].refusals = 0 }
        if known[index].unitAnswered || known[index].refusals == 0 {
            known[index].refusals += 1
            known[index].unitAnswered = false
        }
        known[index].exception = exception
        known[index].answers = 0
        known[index].isApart = true
        return isPresumed || known[index].refusals >= Self.refusalsUntilGivenUp
    }

    /// - Returns: True if something is back among the others.
    mutating func answered(_ request: RegisterSpan) -> Bool {
        var isBack = false
        for index in known.indices where known[index].isApart {
            guard known[index].span == request else {
                known[index].unitAnswered = true
                continue
            }
            known[index].refusals = 0
            known[index].answers += 1
            let needed = Self.answersUntilBack << min(known[index].demotions - 1, Self.mostDoublings)
            guard known[index].answers >= needed else { continue }
            known[index].isApart = false
            isBack = true
        }
        if isBack { update() }
        return isBack
    }

    /// It is given up, or the whole matter is settled in another way.
    mutating func forget(_ span: RegisterSpan) {
        known.removeAll { $0.span == span }
        update()
    }

    private mutating func makeRoom() {
        guard known.count >= Self.most else { return }
        known.remove(at: known.firstIndex { !$0.isApart } ?? 0)
    }

    private mutating func update() { spans = known.filter(\.isApart).map(\.span) }
}
