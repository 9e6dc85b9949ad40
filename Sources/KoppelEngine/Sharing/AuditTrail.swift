package import KoppelCore

/// Where departures and refusals are written down.
package protocol AuditTrail: Sendable {
    /// Returns when the record is durable.
    func append(_ entry: AuditEntry) async throws(AuditError)

    /// How long ago messages were written down as sent to a destination, in the hour before `now`; zero where the record
    /// says a moment that is still to come. At most `most` are given.
    func ages(ofDeparturesTo destination: Identifier, at now: Timestamp, most: Int) async throws(AuditError)
        -> [Duration]
}

/// Why something could not be written down: where, what, and what to do, in a sentence.
package struct AuditError: Error, Hashable, Sendable, CustomStringConvertible {
    package var description: String

    package init(_ description: String) { self.description = description }
}
