internal import KoppelCore

/// The agent's status (data model 3.12 f).
extension JSONWriter {
    /// The last will, and the end of an orderly session.
    mutating func offlineStatus(session: String) {
        openObject()
        key("online")
        bool(false)
        member("session", session)
        closeObject()
    }

    mutating func onlineStatus(_ status: AgentStatus, agent: AgentDescription) {
        openObject()
        key("online")
        bool(true)
        member("session", status.session)
        key("since")
        time(status.since)
        member("agent", agent.urn)
        member("version", agent.version)
        member("cdm", DataModel.version)
        key("clock")
        openObject()
        member("state", status.clock.name)
        if let error = status.clockErrorMilliseconds, error.isFinite, error >= 0 {
            key("maxErrorMs")
            number(error)
        }
        closeObject()
        if let pending = status.pending {
            key("buffer")
            openObject()
            key("pending")
            unsigned(pending)
            key("oldest")
            if let oldest = status.oldestPending { time(oldest) } else { null() }
            key("dropped")
            unsigned(status.dropped)
            closeObject()
        }
        closeObject()
    }
}
