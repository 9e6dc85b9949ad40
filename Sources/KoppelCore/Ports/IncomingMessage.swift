/// A message that arrived on a subscription.
package struct IncomingMessage: Hashable, Sendable {
    package var topic: String
    package var payload: [UInt8]
    /// The QoS it arrived with, 0 to 2.
    package var qos: UInt8
    /// True if the broker had kept it from before the subscription.
    package var retain: Bool

    package init(topic: String, payload: [UInt8], qos: UInt8 = 1, retain: Bool = false) {
        self.topic = topic
        self.payload = payload
        self.qos = qos
        self.retain = retain
    }
}
