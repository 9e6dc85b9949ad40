internal import KoppelCore

/// What happened, as CloudEvents (data model 3.12 d), and the inputs of one window (3.12 e).
extension JSONWriter {
    mutating func stateChanged(
        _ state: MachineState, from change: MachineState.Change, of machine: PreparedMachine, rev: UInt32,
        epoch: UInt32
    ) {
        envelope(
            kind: "state-changed", type: "example.koppel.state.changed.v1", subject: "state", schema: "event",
            machine: machine, epoch: epoch, seq: state.seq, time: state.since, severity: nil)
        openObject()
        key("from")
        brief(change.from)
        key("to")
        brief(state.what)
        // The cause that the time before is put down to.
        member("cause", change.from.cause)
        key("fromSeconds")
        number(max(0, change.after.inSeconds))
        end(rev: rev)
    }

    mutating func alarmEvent(_ alarm: AlarmChange, of machine: PreparedMachine, rev: UInt32, epoch: UInt32) {
        let severity: (StaticString, UInt64) =
            !alarm.isActive ? ("INFO", 9) : alarm.level == .warning ? ("WARN", 13) : ("ERROR", 17)
        envelope(
            kind: "alarm", type: "example.koppel.alarm.v1", subject: "alarm/\(alarm.code)", schema: "alarm",
            machine: machine, epoch: epoch, seq: alarm.seq, time: alarm.time, severity: severity)
        self.alarm(alarm, of: machine, rev: rev)
        closeObject()
    }

    mutating func counterReset(_ event: CounterEvent, of machine: PreparedMachine, rev: UInt32, epoch: UInt32) {
        envelope(
            kind: "counter-reset", type: "example.koppel.counter.reset.v1", subject: event.signal.description,
            schema: "event", machine: machine, epoch: epoch, seq: event.seq, time: event.time,
            severity: event.verdict == .rollover ? ("INFO", 9) : ("WARN", 13))
        openObject()
        member("signal", event.signal.description)
        key("before")
        plain(event.before)
        key("after")
        plain(event.after)
        member("verdict", event.verdict.name)
        if let credited = event.credited {
            key("credited")
            plain(credited)
        }
        end(rev: rev)
    }

    mutating func window(_ window: MachineWindow, of machine: PreparedMachine, rev: UInt32) {
        openObject()
        member("machine", machine.urn)
        key("rev")
        unsigned(UInt64(rev))
        key("start")
        time(window.start)
        key("end")
        time(window.end)
        key("coverage")
        number(min(1, Double(max(0, window.covered)) / Double(max(1, window.length))))
        key("durations")
        openArray()
        for share in window.shares {
            separate()
            openObject()
            member("state", share.what.state)
            member("mode", share.what.mode ?? "unknown")
            member("sub", share.what.sub)
            member("cause", share.what.cause == "none" ? nil : share.what.cause)
            key("seconds")
            number(Double(max(0, share.nanoseconds)) / 1e9)
            closeObject()
        }
        closeArray()
        key("counts")
        amounts(window.counts)
        if !window.energy.isEmpty {
            key("energy")
            amounts(window.energy)
        }
        closeObject()
    }

    private mutating func amounts(_ amounts: [MachineWindow.Amount]) {
        openObject()
        for amount in amounts {
            key(text: amount.name)
            openObject()
            key("delta")
            if let delta = amount.delta, delta.isFinite { number(delta) } else { null() }
            member("unit", amount.unit)
            member("quality", amount.condition.quality.name)
            member("reason", amount.condition.reason)
            closeObject()
        }
        closeObject()
    }

    /// Everything around the data. Its id follows from what it is about, so that a repeat has the same.
    private mutating func envelope(
        kind: String, type: String, subject: String, schema: String, machine: PreparedMachine, epoch: UInt32,
        seq: UInt64, time moment: Timestamp, severity: (text: StaticString, number: UInt64)?
    ) {
        let digits = String(seq)
        openObject()
        member("specversion", "1.0")
        member("id", EventIdentity.uuid(machine: machine.urn, kind: kind, epoch: epoch, seq: seq))
        member("source", machine.urn)
        member("type", type)
        member("subject", subject)
        key("time")
        time(moment)
        key("recordedtime")
        time(moment)
        member("sequence", String(repeating: "0", count: max(0, 20 - digits.utf8.count)) + digits)
        if let severity {
            member("severitytext", "\(severity.text)")
            key("severitynumber")
            unsigned(severity.number)
        }
        member("datacontenttype", DataModel.contentType)
        member("dataschema", "\(DataModel.schemas)\(schema).json")
        key("data")
    }

    private mutating func end(rev: UInt32) {
        key("rev")
        unsigned(UInt64(rev))
        closeObject()
        closeObject()
    }

    private mutating func brief(_ what: StateRule.MappedState) {
        openObject()
        member("state", what.state)
        member("mode", what.mode ?? "unknown")
        member("sub", what.sub)
        closeObject()
    }

    /// A count as a number, also where it is too large for every reader to hold exactly.
    private mutating func plain(_ value: Value) {
        switch value {
        case .uint(let value): unsigned(value)
        case .int(let value): number(Double(value))
        case .float, .double: number(value.number.flatMap { $0.isFinite ? $0 : nil } ?? 0)
        case .bool, .text: unsigned(0)
        }
    }
}

/// Ids that are the same whenever the same thing is told.
enum EventIdentity {
    /// A UUID of version 8 (RFC 9562 section 5.8): two 64-bit FNV-1a sums over what makes the event unique. The machine's
    /// own id was made by its agent, so the agent is in it.
    static func uuid(machine: String, kind: String, epoch: UInt32, seq: UInt64) -> String {
        let text = Array("\(machine)/\(kind)/\(epoch)/\(seq)".utf8)
        let high = mixed(fnv1a(text)) & 0xFFFF_FFFF_FFFF_0FFF | 0x8000
        let low = mixed(fnv1a(text.reversed())) & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        let digits = [high, low].map { word in
            let hex = String(word, radix: 16)
            return String(repeating: "0", count: 16 - hex.utf8.count) + hex
        }.joined()
        var uuid = ""
        for (index, digit) in digits.enumerated() {
            if [8, 12, 16, 20].contains(index) { uuid += "-" }
            uuid.append(digit)
        }
        return uuid
    }

    private static func fnv1a(_ bytes: some Sequence<UInt8>) -> UInt64 {
        bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }

    /// The finaliser of MurmurHash3, so that numbers that follow each other are far apart.
    private static func mixed(_ value: UInt64) -> UInt64 {
        var value = (value ^ (value >> 33)) &* 0xff51_afd7_ed55_8ccd
        value = (value ^ (value >> 33)) &* 0xc4ce_b9fe_1a85_ec53
        return value ^ (value >> 33)
    }
}
