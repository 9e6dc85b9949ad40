/// Puts a bad network between a client and a broker, and a broker that says no.
///
/// `upstream` is the port of the broker, `arguments` are more arguments of `mqtt_chaos.py`, for example for TLS, and
/// `commands` is what it is told before `body` begins.
package func withMQTTChaos<Value: Sendable>(
    upstream: UInt16, _ arguments: [String] = [], commands: [String] = [],
    body: (FaultProgram) async throws -> Value
) async throws -> Value {
    try await FaultPrograms.run(
        "mqtt_chaos.py", ["--upstream", "127.0.0.1:\(upstream)", "--max-seconds", "120"] + arguments
    ) { program in
        for command in commands { try await program.tell(command) }
        return try await body(program)
    }
}
