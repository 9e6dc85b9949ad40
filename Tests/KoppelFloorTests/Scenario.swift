import Foundation
import KoppelTestKit
import Subprocess

/// Runs one scenario of `Scenarios/floor.py` in its short form: the real agent between simulated machines and a broker
/// of its own, and every reading accounted for. Nothing in the scenarios shares code with the agent.
enum Scenario {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    private static let python = PythonServer.interpreter

    /// The agent that was built with this test: it lies beside the test bundle.
    private static let agent: String = {
        let beside = (CommandLine.arguments.first ?? "").split(separator: "/").dropLast().map { "/\($0)" }.joined()
        let besideTests = beside + "/koppel"
        let inBuildFolder = folder.appending(path: "../../.build/debug/koppel").standardizedFileURL.path
        return FileManager.default.isExecutableFile(atPath: besideTests) ? besideTests : inBuildFolder
    }()

    /// What a scenario needs and is not here; `nil` if all is here.
    static let missing: String? = {
        if FaultPrograms.folder == nil { return "the fault programs are not beside the project" }
        for tool in ["mosquitto", "mosquitto_sub"] where !isInstalled(tool) { return "\(tool) is not installed" }
        return nil
    }()

    static var isReady: Bool { missing == nil }
    static let whyNot: String = missing ?? ""

    /// Whether Python has the libraries the scenarios use, and these besides.
    static func hasLibraries(and more: String = "sys") async -> Bool {
        let result = try? await run(  // no Python at all is a "no" too
            .name("env"), arguments: [python, "-c", "import paho.mqtt, pymodbus, jsonschema, \(more)"],
            output: .discarded,
            error: .discarded)
        return result?.terminationStatus == .exited(0)
    }

    /// - Returns: What it found wrong; empty if all holds.
    static func faults(_ name: String, _ arguments: [String] = []) async throws -> String {
        let script = folder.appending(path: "Scenarios/floor.py").path
        let result = try await run(
            .name("env"),
            arguments: Arguments(
                [python, "-B", script, name, "--koppel", agent, "--shared", SharedFolder.path("")] + arguments),
            output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
        guard result.terminationStatus != .exited(0) else { return "" }
        return "\(result.terminationStatus): \(result.standardOutput)\(result.standardError)"
    }
}
