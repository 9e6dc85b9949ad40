internal import KoppelCore

/// Quarantine for another party's destination: that a message was refused there is written down too.
package struct AuditedQuarantine<C: Clock>: Quarantine where C.Duration == Duration {
    private let inner: any Quarantine
    private let gate: DepartureGate<C>

    package init(_ inner: any Quarantine, gate: DepartureGate<C>) {
        self.inner = inner
        self.gate = gate
    }

    package func keep(_ message: QuarantinedMessage) async {
        await gate.failed(
            OutgoingMessage(
                topic: message.topic, payload: message.payload, retain: false, contentType: "application/json"),
            why: "refused-by-broker")
        await inner.keep(message)
    }
}
