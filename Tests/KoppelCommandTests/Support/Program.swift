import Foundation
import Subprocess

/// The built `koppel`, run as a user would.
enum Program {
    struct Outcome: Sendable {
        var code: Int32
        var output: String
        var errors: String
    }

    struct NotReady: Error {
        var lines: [String]
    }

    /// Beside the test bundle.
    static let path: String = {
        let tests = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        let beside = tests.appendingPathComponent("koppel").path
        if FileManager.default.isExecutableFile(atPath: beside) { return beside }
        return Repository.root + "/.build/debug/koppel"
    }()

    private static let environment = Environment.inherit.updating(["COLUMNS": "80", "NO_COLOR": "1"])

    /// Runs a command to its end. `env` becomes the program it starts; it takes a path, and a bare name would not do.
    static func run(_ arguments: String...) async throws -> Outcome { try await run(arguments) }

    static func run(_ arguments: [String]) async throws -> Outcome {
        let result = try await Subprocess.run(
            .name("env"), arguments: Arguments([path] + arguments), environment: environment, input: .none,
            output: .string(limit: 4 << 20), error: .string(limit: 1 << 20))
        guard case .exited(let code) = result.terminationStatus else {
            return Outcome(code: -1, output: result.standardOutput, errors: result.standardError)
        }
        return Outcome(code: code, output: result.standardOutput, errors: result.standardError)
    }

    /// Runs a command that serves while `body` runs, and ends it with SIGTERM.
    ///
    /// - Returns: What `body` returned, and the exit code of the command; -1 if a signal ended it.
    static func serving<Value: Sendable>(
        _ arguments: [String], body: ([String]) async throws -> Value
    ) async throws -> (value: Value, code: Int32) {
        let outcome = try await Subprocess.run(
            .name("env"), arguments: Arguments([path] + arguments), environment: environment, input: .none,
            output: .sequence,
            error: .discarded
        ) { execution in
            let end = [TeardownStep.gracefulShutDown(allowedDurationToNextStep: .seconds(5))]
            do {
                var lines: [String] = []
                for try await line in execution.standardOutput.strings() {
                    lines.append(line.trimmingCharacters(in: .newlines))
                    if lines.last == "ready" { break }
                }
                guard lines.last == "ready" else { throw NotReady(lines: lines) }
                let value = try await body(lines)
                await execution.teardown(using: end)
                return value
            } catch {
                await execution.teardown(using: end)
                throw error
            }
        }
        guard case .exited(let code) = outcome.terminationStatus else { return (outcome.closureResult, -1) }
        return (outcome.closureResult, code)
    }
}

extension Program {
    /// Runs a daemon while `body` runs, and ends it with SIGTERM.
    static func during(_ arguments: [String], body: () async throws -> Void) async throws {
        _ = try await Subprocess.run(
            .name("env"), arguments: Arguments([path] + arguments), environment: environment, input: .none,
            output: .discarded, error: .discarded
        ) { execution in
            let end = [TeardownStep.gracefulShutDown(allowedDurationToNextStep: .seconds(5))]
            do {
                try await body()
                await execution.teardown(using: end)
            } catch {
                await execution.teardown(using: end)
                throw error
            }
        }
    }
}

enum Repository {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../..").standardizedFileURL.path
    static let devices = root + "/Devices"
}

/// A folder that is gone after the test.
struct TemporaryFolder: ~Copyable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("koppel-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    func write(_ text: String, to name: String) throws -> String {
        try text.write(toFile: "\(path)/\(name)", atomically: true, encoding: .utf8)
        return "\(path)/\(name)"
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }  // what stays is in the temporary folder
}
