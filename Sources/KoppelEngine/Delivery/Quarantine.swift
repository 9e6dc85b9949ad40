package import KoppelCore

/// Where messages go that a broker refuses for good, so that the ones behind them can move on (field rule P58).
package protocol Quarantine: Sendable {
    /// Keeps the message with the reason. It must not fail silently: what cannot be kept is logged by the store.
    func keep(_ message: QuarantinedMessage) async
}

package struct QuarantinedMessage: Sendable {
    package var destination: Identifier
    package var topic: String
    package var payload: [UInt8]
    /// The MQTT reason code.
    package var reasonCode: UInt8
    package var time: Timestamp

    package init(destination: Identifier, topic: String, payload: [UInt8], reasonCode: UInt8, time: Timestamp) {
        self.destination = destination
        self.topic = topic
        self.payload = payload
        self.reasonCode = reasonCode
        self.time = time
    }
}
