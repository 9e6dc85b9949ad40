internal import Foundation
internal import Glibc
internal import KoppelExecutor

/// The programs that stand in for a bad world: `mqtt_chaos.py`, `modbus_chaos.py`, `certs.py`.
package enum FaultPrograms {
    /// Where they are: the folder in the environment variable KOPPEL_FAULTS, else `shared/faults` beside the
    /// project; `nil` if they are not there.
    package static let folder: String? = {
        let named = getenv("KOPPEL_FAULTS").map { String(cString: $0) }
        return [named, project + "/../shared/faults"].compactMap(\.self).first { access("\($0)/certs.py", R_OK) == 0 }
    }()

    /// The folder of the project's Package.swift.
    static let project = URL(filePath: #filePath).pathComponents.dropFirst().dropLast(4).reduce(into: "") {
        $0 += "/\($1)"
    }

    /// Runs a fault program while `body` runs.
    package static func run<Value: Sendable>(
        _ name: String, _ arguments: [String], body: (FaultProgram) async throws -> Value
    ) async throws -> Value {
        guard let folder else { throw ChildProcessError(description: "the fault programs are not installed") }
        return try await withChildProcess(["python3", "\(folder)/\(name)"] + arguments, waitsForLine: true) { child in
            try await body(FaultProgram(firstLine: child.firstLine))
        }
    }
}

/// A running fault program.
package struct FaultProgram: Sendable {
    /// Where it listens, if it speaks TCP.
    package let port: UInt16
    private let control: FaultControl

    init(firstLine: String) throws {
        struct Ready: Decodable {
            var listen: String?
            var tcp: String?
            var control: String
        }
        let ready = try JSONDecoder().decode(Ready.self, from: Data(firstLine.utf8))
        func port(_ address: String?) -> UInt16? { address?.split(separator: ":").last.flatMap { UInt16($0) } }
        guard let own = port(ready.listen ?? ready.tcp), let controlPort = port(ready.control) else {
            throw ChildProcessError(description: "the fault program says \(firstLine)")
        }
        self.port = own
        control = FaultControl(port: controlPort)
    }

    /// Gives it a command, for example `blackhole for=3`.
    /// - Returns: Its answer, a line of JSON.
    @discardableResult
    package func tell(_ command: String) async throws -> String { try await control.ask(command) }
}

/// The control socket of a fault program: a line out, a line back, on a thread of its own.
private actor FaultControl {
    private nonisolated let thread = ThreadExecutor(name: "fault control")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
    private let port: UInt16

    init(port: UInt16) { self.port = port }

    func ask(_ command: String) throws -> String {
        let socket = connectedSocket(port: port)
        guard socket >= 0 else { throw ChildProcessError(description: "the fault program is gone") }
        defer { close(socket) }
        let line = Array((command + "\n").utf8)
        guard send(socket, line, line.count, Int32(MSG_NOSIGNAL)) == line.count else {
            throw ChildProcessError(description: "the fault program does not listen")
        }
        var answer: [UInt8] = []
        var byte: UInt8 = 0
        while recv(socket, &byte, 1, 0) == 1, byte != UInt8(ascii: "\n") { answer.append(byte) }
        return String(decoding: answer, as: UTF8.self)
    }
}
