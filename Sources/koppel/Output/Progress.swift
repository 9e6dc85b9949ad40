internal import Foundation

/// Tells a person that something takes its time.
enum Progress {
    /// Runs `body`; if it has not ended after two seconds, says so on standard error.
    static func during<Result: Sendable>(
        _ sentence: String, _ body: @Sendable () async throws -> Result
    ) async rethrows -> Result {
        async let _: Void = tellLate(sentence)  // cancelled at the end of the scope
        return try await body()
    }

    private static func tellLate(_ sentence: String) async {
        // Cancelled means that it took less.
        do { try await ContinuousClock().sleep(for: .seconds(2)) } catch { return }
        Streams.tell("\(sentence) …")
    }

    /// Where a long work stands, in place of the step before. Only on a terminal: nobody else watches.
    static func step(_ sentence: String) {
        guard isatty(STDERR_FILENO) == 1 else { return }
        Streams.tell("\r\u{1B}[K\(sentence)", terminator: "")
    }

    /// Takes the last step away.
    static func endSteps() { step("") }
}
