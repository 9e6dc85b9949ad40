internal import Foundation
internal import Subprocess
internal import Synchronization

/// The programs of the demo. Each runs until its task is cancelled, and is then asked to end and waited for.
struct DemoParts: Sendable {
    let demo: DemoFactory

    /// Debian keeps servers in /usr/sbin, where the search path of a user does not lead.
    private static let environment = Environment.inherit.updating([
        "PATH": (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin") + ":/usr/sbin"
    ])

    /// The agent first asks nicely for its 10 s; the others have nothing to lose.
    private func options(_ patience: Duration) -> PlatformOptions {
        var options = PlatformOptions()
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: patience)]
        return options
    }

    /// - Returns: Why it ended, if it was not asked to.
    func broker() async -> String? {
        await outcome(of: "mosquitto (install it with: apt-get install mosquitto)") {
            try await Subprocess.run(
                .name("mosquitto"), arguments: ["-c", demo.brokerFile], environment: Self.environment,
                platformOptions: options(.seconds(2)), input: .none, output: .discarded, error: .discarded
            ).terminationStatus
        }
    }

    /// A hub that takes every message, in a client we did not write.
    func hub(_ take: @escaping @Sendable (String) async -> Void) async -> String? {
        await outcome(of: "mosquitto_sub (install it with: apt-get install mosquitto-clients)") {
            while !Task.isCancelled {
                _ = try await Subprocess.run(
                    .name("mosquitto_sub"),
                    arguments: [
                        "-h", "127.0.0.1", "-p", "\(demo.brokerPort)", "-q", "1", "-t", "kpl/v1/#", "-F", "%t\t%p",
                    ],
                    environment: Self.environment, platformOptions: options(.seconds(1)), input: .none,
                    output: .sequence, error: .discarded
                ) { execution in
                    for try await line in execution.standardOutput.strings() { await take(line) }
                }
                // It ends at once while the broker is not there yet.
                try await ContinuousClock().sleep(for: .milliseconds(100))
            }
            return nil
        }
    }

    /// The agent, as the daemon would run it. Its log lines go to a file beside the site file.
    func agent() async -> String? {
        // This very program, found by name in its own folder.
        let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        let environment = Environment.inherit.updating(["PATH": program.deletingLastPathComponent().path])
        let log = Mutex("")
        let ended = await outcome(of: "the agent") {
            try await Subprocess.run(
                .name(program.lastPathComponent),
                arguments: ["run", "--config", demo.siteFile, "--log", "warning"], environment: environment,
                platformOptions: options(.seconds(12)), input: .none, output: .discarded, error: .sequence
            ) { execution in
                for try await line in execution.standardError.strings() { log.withLock { $0 = line } }
            }.terminationStatus
        }
        return ended.map { "\($0). Its last words: \(log.withLock { $0 })" }
    }

    private func outcome(
        of name: String, _ body: () async throws -> TerminationStatus?
    ) async -> String? {
        do {
            let status = try await body()
            return Task.isCancelled ? nil : "\(name) ended\(status.map { " (\($0))" } ?? "")"
        } catch is CancellationError {
            return nil
        } catch {
            return Task.isCancelled ? nil : "\(name) did not run: \(error)"
        }
    }
}
