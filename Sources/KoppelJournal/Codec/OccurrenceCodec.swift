internal import KoppelCore

/// How an occurrence lies in a record: a kind, then its fields in order. Kinds are never given to another meaning.
///
/// They are few and rare, so nothing is packed: texts are UTF-8, numbers varints, a missing field one byte.
extension ByteWriter {
    mutating func append(_ occurrence: Occurrence) {
        switch occurrence {
        case .state(let state):
            append(1)
            append(state)
        case .alarm(let alarm):
            append(2)
            append(alarm)
        case .counter(let event):
            append(3)
            append(event)
        case .window(let window):
            append(4)
            append(window)
        case .numbered(let seq):
            append(5)
            append(varint: seq)
        }
    }

    private mutating func append(_ state: MachineState) {
        append(varint: state.seq)
        append(state.what)
        append(optional: state.number) { $0.append(zigzag: $1) }
        append(state.basis.rawValue)
        append(varint: state.sources.count)
        for source in state.sources {
            append(text: source.signal.description)
            append(source.value)
        }
        append(zigzag: state.since.nanoseconds)
        append(state.condition.rawValue)
        append(zigzag: state.time.nanoseconds)
        append(optional: state.change) { writer, change in
            writer.append(change.from)
            writer.append(zigzag: change.after.wholeNanoseconds)
        }
    }

    private mutating func append(_ what: StateRule.MappedState) {
        append(text: what.state)
        for part in [what.mode, what.cause, what.sub] { append(optional: part) { $0.append(text: $1) } }
    }

    private mutating func append(_ alarm: AlarmChange) {
        append(varint: alarm.seq)
        append(text: alarm.code.description)
        append(optional: alarm.nativeCode) { $0.append(text: $1) }
        append(varint: alarm.text.count)
        for (language, text) in alarm.text.sorted(by: { $0.key < $1.key }) {
            append(text: language)
            append(text: text)
        }
        append(text: alarm.level.rawValue)
        append(varint: UInt64(clamping: alarm.severity))
        append(alarm.isActive ? 1 : 0)
        append(optional: alarm.signal) { $0.append(text: $1.description) }
        append(optional: alarm.value) { $0.append($1) }
        append(zigzag: alarm.since.nanoseconds)
        append(zigzag: alarm.time.nanoseconds)
    }

    private mutating func append(_ event: CounterEvent) {
        append(varint: event.seq)
        append(text: event.signal.description)
        append(event.before)
        append(event.after)
        append(event.verdict.rawValue)
        append(optional: event.credited) { $0.append($1) }
        append(zigzag: event.time.nanoseconds)
    }

    private mutating func append(_ window: MachineWindow) {
        append(zigzag: window.start.nanoseconds)
        append(zigzag: window.length)
        append(window.isClosed ? 1 : 0)
        append(varint: window.shares.count)
        for share in window.shares {
            append(share.what)
            append(zigzag: share.nanoseconds)
        }
        for amounts in [window.counts, window.energy] {
            append(varint: amounts.count)
            for amount in amounts {
                append(text: amount.name)
                append(text: amount.unit)
                append(optional: amount.delta) { $0.append(number: $1.bitPattern) }
                append(amount.condition.rawValue)
                append(optional: amount.total) { $0.append(number: $1.bitPattern) }
            }
        }
        append(zigzag: window.covered)
    }

    private mutating func append(_ value: Value) {
        switch value {
        case .bool(let flag):
            append(1)
            append(flag ? 1 : 0)
        case .int(let number):
            append(2)
            append(zigzag: number)
        case .uint(let number):
            append(3)
            append(varint: number)
        case .float(let number):
            append(4)
            append(number: number.bitPattern)
        case .double(let number):
            append(5)
            append(number: number.bitPattern)
        case .text(let text):
            append(6)
            append(text: text)
        }
    }

    private mutating func append<Field>(optional field: Field?, _ body: (inout ByteWriter, Field) -> Void) {
        guard let field else { return append(0) }
        append(1)
        body(&self, field)
    }
}
