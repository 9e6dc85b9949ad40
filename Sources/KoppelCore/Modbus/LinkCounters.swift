/// What was heard on a bus since the agent started, beside the answers that were taken: for status and for finding out
/// what is wrong with a line (faults R04 to R09).
///
/// Each number only grows. One value per bus, whatever is on it.
package struct LinkCounters: Hashable, Sendable {
    /// Questions put on the wire, repeated ones too.
    package var questions: UInt64 = 0
    /// Answers that were taken, exceptions too.
    package var answers: UInt64 = 0
    /// Answers that were refused: broken by noise or a collision, cut, or from another unit.
    package var damaged: UInt64 = 0
    /// Whole frames that are neither a question nor an answer of ours: another master is on the line, or a unit that
    /// answers to a wrong address (R06, R09).
    package var foreignFrames: UInt64 = 0
    /// Answers of a unit that was not asked at that moment: late ones and doubles (R07, R08).
    package var strayAnswers: UInt64 = 0
    /// Our own questions, heard back from an adapter with local echo (R05).
    package var echoes: UInt64 = 0
    /// How often the port was opened or the connection made.
    package var openings: UInt64 = 0

    package init() {}
}
