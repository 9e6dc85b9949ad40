internal import Glibc
internal import Subprocess

/// A server written in Python that runs while a test needs it. It says that it is ready with its first line.
package enum PythonServer {
    /// The process ended before it was ready.
    package struct NotReady: Error {}

    /// The Python that has the libraries of the tests: `KOPPEL_PYTHON`, which `Deploy/test` sets, else the one on the path.
    package static var interpreter: String { getenv("KOPPEL_PYTHON").map { String(cString: $0) } ?? "python3" }

    /// Starts Python with these arguments, calls `body` with the first line it prints, and ends it.
    package static func run<Result: Sendable>(
        _ arguments: [String], body: (String) async throws -> Result
    ) async throws -> Result {
        let outcome = try await Subprocess.run(
            .name("env"), arguments: Arguments([interpreter] + arguments), input: .none, output: .sequence,
            error: .discarded
        ) { execution in
            do {
                var lines = execution.standardOutput.strings().makeAsyncIterator()
                guard let ready = try await lines.next() else { throw NotReady() }
                let result = try await body(ready)
                await execution.teardown(using: [.gracefulShutDown(allowedDurationToNextStep: .seconds(2))])
                return result
            } catch {
                await execution.teardown(using: [.gracefulShutDown(allowedDurationToNextStep: .seconds(2))])
                throw error
            }
        }
        return outcome.closureResult
    }

    /// True if Python can import the module.
    package static func has(module: String) async -> Bool {
        let result = try? await Subprocess.run(  // no Python at all is a "no" too
            .name("env"), arguments: [interpreter, "-c", "import \(module)"], input: .none, output: .discarded,
            error: .discarded)
        return result?.terminationStatus == .exited(0)
    }
}
