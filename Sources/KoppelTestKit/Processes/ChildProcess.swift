internal import Glibc
internal import Subprocess

/// A program that runs beside a test.
package struct ChildProcess: Sendable {
    package let id: Int32
    /// The first line it wrote to standard output; empty if it was not waited for.
    package let firstLine: String

    /// Ends it the hard way, as a power cut would. It is gone when this returns or soon after.
    package func killNow() { kill(id, SIGKILL) }

    /// Asks it to end.
    package func terminate() { kill(id, SIGTERM) }

    /// Stops it where it is, until ``resume()``.
    package func pause() { kill(id, SIGSTOP) }

    package func resume() { kill(id, SIGCONT) }
}

package struct ChildProcessError: Error, CustomStringConvertible {
    package let description: String
}

/// Runs a program while `body` runs, ends it afterwards whatever happened, and waits for its end.
///
/// The program is the executable and its arguments; a bare name is looked for on the search path and in /usr/sbin. With
/// `waitsForLine` the body begins when the program has written a line. Throws if it cannot be started or ends before
/// that, and what `body` throws.
package func withChildProcess<Value: Sendable>(
    _ program: [String], waitsForLine: Bool = false, body: (ChildProcess) async throws -> Value
) async throws -> Value {
    guard let name = program.first else { throw ChildProcessError(description: "no program named") }
    let result = try await run(
        .name(name), arguments: Arguments(Array(program.dropFirst())), environment: environment, input: .none,
        output: .sequence,
        error: .discarded
    ) { execution in
        let end = [TeardownStep.gracefulShutDown(allowedDurationToNextStep: .seconds(2))]
        do {
            var line = ""
            if waitsForLine {
                var lines = execution.standardOutput.strings().makeAsyncIterator()
                guard let first = try await lines.next() else {
                    throw ChildProcessError(description: "\(name) ended before it was ready")
                }
                line = first
            }
            let value = try await body(ChildProcess(id: execution.processIdentifier.value, firstLine: line))
            await execution.teardown(using: end)
            return value
        } catch {
            await execution.teardown(using: end)
            throw error
        }
    }
    return result.closureResult
}

/// Runs a program to its end and returns what it wrote to standard output.
package func output(of program: [String]) async throws -> String {
    guard let name = program.first else { throw ChildProcessError(description: "no program named") }
    let result = try await run(
        .name(name), arguments: Arguments(Array(program.dropFirst())), environment: environment,
        output: .string(limit: 1 << 20),
        error: .string(limit: 1 << 16))
    guard result.terminationStatus.isSuccess else {
        throw ChildProcessError(
            description: "\(name) ended with \(result.terminationStatus): \(result.standardError)")
    }
    return result.standardOutput
}

/// Whether a program is installed.
package func isInstalled(_ name: String) -> Bool {
    searchPath.split(separator: ":").contains { access("\($0)/\(name)", X_OK) == 0 }
}

/// Debian keeps servers in /usr/sbin, where the search path of a user does not lead.
private let searchPath = (getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin") + ":/usr/sbin"
private let environment = Environment.inherit.updating(["PATH": searchPath])
