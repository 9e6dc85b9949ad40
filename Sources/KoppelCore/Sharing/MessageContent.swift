/// What is in a message, as the audit tells it (data model 3.18). Only made for destinations that are audited message
/// by message.
package struct MessageContent: Hashable, Sendable {
    /// The level of the topic that starts with an underscore.
    package var topicClass: String
    /// The id the recipient knows it by.
    package var machine: String?
    package var signals: [SignalName]
    package var samples: UInt64
    package var from: Timestamp?
    package var to: Timestamp?

    package init(
        topicClass: String, machine: String? = nil, signals: [SignalName] = [], samples: UInt64 = 0,
        from: Timestamp? = nil, to: Timestamp? = nil
    ) {
        self.topicClass = topicClass
        self.machine = machine
        self.signals = signals
        self.samples = samples
        self.from = from
        self.to = to
    }
}
