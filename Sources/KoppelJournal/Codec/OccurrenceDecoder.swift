internal import KoppelCore

/// Reads what ``ByteWriter`` wrote of occurrences.
extension ByteReader {
    /// The most of any list within an occurrence, far above what the agent writes.
    private static let longestList = 4_096

    mutating func occurrence() throws(CodecError) -> Occurrence {
        switch try byte() {
        case 1: .state(try state())
        case 2: .alarm(try alarm())
        case 3: .counter(try counterEvent())
        case 4: .window(try window())
        case 5: .numbered(try varint())
        default: throw .meaningless
        }
    }

    private mutating func state() throws(CodecError) -> MachineState {
        let seq = try varint()
        let what = try what()
        let number = try flag() ? try zigzag() : nil
        guard let basis = MachineState.Basis(rawValue: try byte()) else { throw .meaningless }
        var sources: [MachineState.Source] = []
        for _ in 0..<(try count(atMost: Self.longestList)) {
            let signal = try signal()
            sources.append(MachineState.Source(signal: signal, value: try value()))
        }
        let since = try moment()
        let condition = try condition()
        let time = try moment()
        var change: MachineState.Change?
        if try flag() {
            let from = try self.what()
            change = MachineState.Change(from: from, after: .nanoseconds(try zigzag()))
        }
        return MachineState(
            seq: seq, what: what, number: number, basis: basis, sources: sources, since: since, condition: condition,
            time: time, change: change)
    }

    private mutating func what() throws(CodecError) -> StateRule.MappedState {
        let state = try text()
        let mode = try flag() ? try text() : nil
        let cause = try flag() ? try text() : nil
        let sub = try flag() ? try text() : nil
        return StateRule.MappedState(state: state, mode: mode, cause: cause, sub: sub)
    }

    private mutating func alarm() throws(CodecError) -> AlarmChange {
        let seq = try varint()
        guard let code = Identifier(try text()) else { throw .meaningless }
        let nativeCode = try flag() ? try text() : nil
        var texts: LocalizedText = [:]
        for _ in 0..<(try count(atMost: Self.longestList)) {
            let language = try text()
            texts[language] = try text()
        }
        guard let level = AlarmRule.Level(rawValue: try text()) else { throw .meaningless }
        let severity = try count(atMost: 1_000)
        let isActive = try flag()
        let signal = try flag() ? try signal() : nil
        let value = try flag() ? try value() : nil
        let since = try moment()
        return AlarmChange(
            seq: seq, code: code, nativeCode: nativeCode, text: texts, level: level, severity: severity,
            isActive: isActive, signal: signal, value: value, since: since, time: try moment())
    }

    private mutating func counterEvent() throws(CodecError) -> CounterEvent {
        let seq = try varint()
        let signal = try signal()
        let before = try value()
        let after = try value()
        guard let verdict = CounterEvent.Verdict(rawValue: try byte()) else { throw .meaningless }
        let credited = try flag() ? try value() : nil
        return CounterEvent(
            seq: seq, signal: signal, before: before, after: after, verdict: verdict, credited: credited,
            time: try moment())
    }

    private mutating func window() throws(CodecError) -> MachineWindow {
        let start = try moment()
        let length = try zigzag()
        let isClosed = try flag()
        var shares: [MachineWindow.Share] = []
        for _ in 0..<(try count(atMost: Self.longestList)) {
            let what = try what()
            shares.append(MachineWindow.Share(what: what, nanoseconds: try zigzag()))
        }
        let counts = try amounts()
        let energy = try amounts()
        return MachineWindow(
            start: start, end: Timestamp(nanoseconds: start.nanoseconds &+ length), isClosed: isClosed, shares: shares,
            counts: counts, energy: energy, covered: try zigzag())
    }

    private mutating func amounts() throws(CodecError) -> [MachineWindow.Amount] {
        var result: [MachineWindow.Amount] = []
        for _ in 0..<(try count(atMost: Self.longestList)) {
            let name = try text()
            let unit = try text()
            let delta = try flag() ? Double(bitPattern: try number()) : nil
            let condition = try condition()
            let total = try flag() ? Double(bitPattern: try number()) : nil
            result.append(
                MachineWindow.Amount(name: name, unit: unit, delta: delta, condition: condition, total: total))
        }
        return result
    }

    private mutating func value() throws(CodecError) -> Value {
        switch try byte() {
        case 1: .bool(try flag())
        case 2: .int(try zigzag())
        case 3: .uint(try varint())
        case 4: .float(Float(bitPattern: try number()))
        case 5: .double(Double(bitPattern: try number()))
        case 6: .text(try text())
        default: throw .meaningless
        }
    }

    private mutating func flag() throws(CodecError) -> Bool {
        let byte = try byte()
        guard byte <= 1 else { throw .meaningless }
        return byte == 1
    }

    private mutating func signal() throws(CodecError) -> SignalName {
        guard let signal = SignalName(try text()) else { throw .meaningless }
        return signal
    }

    private mutating func condition() throws(CodecError) -> Condition {
        guard let condition = Condition(rawValue: try byte()) else { throw .meaningless }
        return condition
    }

    private mutating func moment() throws(CodecError) -> Timestamp { Timestamp(nanoseconds: try zigzag()) }
}
