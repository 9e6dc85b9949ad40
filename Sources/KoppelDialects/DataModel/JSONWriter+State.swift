internal import KoppelCore

/// The state of a machine, and an alarm (data model 3.12 d).
extension JSONWriter {
    mutating func state(_ state: MachineState, of machine: PreparedMachine, rev: UInt32, epoch: UInt32) {
        let condition = state.publishedCondition
        let what = condition.quality == .bad ? .unknown(cause: state.what.cause ?? "unknown") : state.what
        openObject()
        member("machine", machine.urn)
        member("state", what.state)
        member("mode", what.mode ?? "unknown")
        if let sub = what.sub {
            key("sub")
            openObject()
            member("scheme", "vendor")
            member("code", sub)
            if let number = state.number {
                key("number")
                integer(number)
            }
            closeObject()
        }
        member("cause", what.cause)
        member("basis", state.basis.name)
        if !state.sources.isEmpty {
            key("raw")
            openObject()
            for source in state.sources {
                key(text: source.signal.description)
                scalar(source.value)
            }
            closeObject()
        }
        key("since")
        time(state.since)
        member("quality", condition.quality.name)
        if condition.quality != .good {
            member("reason", condition.reason)
            key("statusCode")
            unsigned(UInt64(condition.statusCode))
        }
        key("sourceTime")
        time(state.time)
        key("seq")
        unsigned(state.seq)
        key("epoch")
        unsigned(UInt64(epoch))
        key("rev")
        unsigned(UInt64(rev))
        closeObject()
    }

    mutating func alarm(_ alarm: AlarmChange, of machine: PreparedMachine, rev: UInt32) {
        openObject()
        member("machine", machine.urn)
        member("code", alarm.code.description)
        member("nativeCode", alarm.nativeCode)
        if !alarm.text.isEmpty {
            key("text")
            openObject()
            for (language, text) in alarm.text.sorted(by: { $0.key < $1.key }) {
                key(text: language)
                string(text)
            }
            closeObject()
        }
        member("level", alarm.level.rawValue)
        key("severity")
        unsigned(UInt64(clamping: alarm.severity))
        key("active")
        bool(alarm.isActive)
        // No profile says how a device tells that somebody has seen an alarm.
        key("acknowledged")
        null()
        member("signal", alarm.signal?.description)
        if let value = alarm.value {
            key("value")
            scalar(value)
        }
        key("since")
        time(alarm.since)
        if !alarm.isActive {
            key("until")
            time(alarm.time)
        }
        key("sourceTime")
        time(alarm.time)
        key("rev")
        unsigned(UInt64(rev))
        closeObject()
    }

    /// A value by itself; null where it is no number that JSON can hold.
    mutating func scalar(_ value: Value) {
        switch value {
        case .bool(let value): bool(value)
        case .int(let value): integer(value)
        case .uint(let value): integer(value)
        case .float(let value): if value.isFinite { number(value) } else { null() }
        case .double(let value): if value.isFinite { number(value) } else { null() }
        case .text(let value): string(value)
        }
    }
}

extension MachineState {
    /// A state nobody knows is bad, whatever the quality of the signals it should have come from.
    fileprivate var publishedCondition: Condition {
        what.isKnown || condition.quality == .bad ? condition : .unmappedState
    }
}
