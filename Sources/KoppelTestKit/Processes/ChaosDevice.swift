internal import Foundation

/// The Modbus device that misbehaves when told to: `faults/modbus_chaos.py` of the shared folder beside the package.
package struct ChaosDevice: Sendable {
    /// Where it serves Modbus TCP; 0 if it does not.
    package let port: UInt16
    private let control: UInt16

    private struct Ready: Decodable {
        let tcp: String?
        let control: String
    }

    package struct Refused: Error { package let answer: String }

    /// Runs `modbus_chaos.py serve` with these arguments while `body` needs it.
    package static func serve<Result: Sendable>(
        _ arguments: [String], body: (ChaosDevice) async throws -> Result
    ) async throws -> Result {
        let script = SharedFolder.path("faults/modbus_chaos.py")
        return try await PythonServer.run([script, "serve", "--max-seconds", "120"] + arguments) { line in
            let ready = try JSONDecoder().decode(Ready.self, from: Data(line.utf8))
            return try await body(
                ChaosDevice(port: port(of: ready.tcp ?? ""), control: port(of: ready.control)))
        }
    }

    /// Sends one command, for example `fault drop count=1`, and returns the answer as JSON text.
    @discardableResult
    package func tell(_ command: String) async throws -> String {
        let answer = try await LineClient().ask(command, port: control)
        guard answer.contains(#""ok": true"#) else { throw Refused(answer: answer) }
        return answer
    }

    private static func port(of address: String) -> UInt16 {
        address.split(separator: ":").last.flatMap { UInt16($0) } ?? 0
    }
}

/// The folder of facts and tools that stands beside the package.
package enum SharedFolder {
    /// The absolute path of a file in it.
    package static func path(_ relative: String) -> String {
        URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../../shared/\(relative)")
            .standardizedFileURL.path
    }

    package static func has(_ relative: String) -> Bool { FileManager.default.fileExists(atPath: path(relative)) }
}
