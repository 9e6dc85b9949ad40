internal import Foundation
internal import Glibc

/// A private mosquitto on a free port of loopback.
package struct Broker: Sendable {
    package let port: UInt16
    /// For files of the test; removed with the broker.
    package let folder: String
    private let process: ChildProcess

    init(port: UInt16, folder: String, process: ChildProcess) {
        self.port = port
        self.folder = folder
        self.process = process
    }

    /// Ends it as a power cut would.
    package func killNow() { process.killNow() }

    /// Ends it in order.
    package func stop() { process.terminate() }

    /// Stops it where it is: what is connected stays connected and gets no answer.
    package func pause() { process.pause() }

    package func resume() { process.resume() }

    package static let isInstalled = KoppelTestKit.isInstalled("mosquitto")

    /// Messages that arrive on a topic filter, retained ones first, as `topic qos payload`.
    ///
    /// Waits up to 10 s for as many as asked for.
    package func messages(_ count: Int, on filter: String, format: String = "%t %q %p") async throws -> [String] {
        let text = try await output(of: [
            "mosquitto_sub", "-h", "127.0.0.1", "-p", "\(port)", "-V", "5", "-q", "1", "-t", filter, "-C", "\(count)",
            "-W", "10", "-F", format,
        ])
        return text.split(separator: "\n").map(String.init)
    }
}

/// Runs a broker while `body` runs, on a free port unless one is given.
///
/// `configuration` are lines for its configuration file, in which `FOLDER` stands for the broker's folder; `files` are
/// written into that folder first, by name. Anyone may connect, unless a line sets `allow_anonymous`.
package func withBroker<Value: Sendable>(
    port: UInt16? = nil, configuration: [String] = [], files: [String: String] = [:],
    body: (Broker) async throws -> Value
) async throws -> Value {
    let folder = FileManager.default.temporaryDirectory.path() + "koppel-broker-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }  // a file left in /tmp harms nobody
    for (name, text) in files { try Data(text.utf8).write(to: URL(filePath: "\(folder)/\(name)")) }
    let port = port ?? freePort()
    var lines = ["listener \(port) 127.0.0.1", "persistence false", "log_dest none"]
    // As root it would change to a user that cannot read the test's files.
    if geteuid() == 0 { lines.append("user root") }
    if !configuration.contains(where: { $0.hasPrefix("allow_anonymous") }) { lines.append("allow_anonymous true") }
    lines += configuration.map { $0.replacing("FOLDER", with: folder) }
    let file = "\(folder)/mosquitto.conf"
    try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(filePath: file))
    return try await withChildProcess(["mosquitto", "-c", file]) { process in
        try await waitUntilListening(port)
        return try await body(Broker(port: port, folder: folder, process: process))
    }
}

private func waitUntilListening(_ port: UInt16) async throws {
    let deadline = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < deadline {
        let socket = connectedSocket(port: port)
        if socket >= 0 {
            close(socket)
            return
        }
        try await Task.sleep(for: .milliseconds(5))
    }
    throw ChildProcessError(description: "mosquitto does not listen on port \(port)")
}
