/// Where departures and refusals are written down.
package protocol AuditTrail: Sendable {
    /// Returns when the record is durable.
    func append(_ entry: AuditEntry) async throws(AuditError)
}

/// Why something could not be written down: where, what, and what to do, in a sentence.
package struct AuditError: Error, Hashable, Sendable, CustomStringConvertible {
    package var description: String

    package init(_ description: String) { self.description = description }
}
