internal import KoppelCore

/// Readings of one machine, turned from rows as they were read into columns per signal as they are sent.
///
/// One pass over the records; nothing is allocated per reading or per signal. A series ends, and another of the same
/// signal begins, where its seq is not consecutive or its time goes back.
struct BatchColumns: ~Copyable {
    /// A run of readings of one signal with consecutive seq and ascending times.
    struct Series {
        var signal: Int32
        var first: Int32
        var last: Int32
        var count: Int32
        var firstSeq: UInt64
        var lastSeq: UInt64
        var lastTime: Int64
        /// The node of ``TimeColumns`` that stands for all its times.
        var column: Int32
        /// True if a status code is not 0.
        var hasCodes: Bool
    }

    /// One reading without its identity, as plain bits, linked to the next of its series.
    struct Cell {
        enum Kind: UInt8 { case null, no, yes, int, uint, float, double, text }

        var time: Int64
        /// The bits of the value, or its index in ``texts``.
        var bits: UInt64
        /// -1 at the end of a series.
        var next: Int32
        var kind: Kind
        var condition: Condition
    }

    /// In order of first appearance.
    private(set) var series: [Series] = []
    private(set) var cells: [Cell] = []
    private(set) var texts: [String] = []
    private(set) var times: TimeColumns
    /// The index of the series that a signal's next reading may continue, or -1.
    private var open: [Int32]

    init(machine: PreparedMachine, records: [StoredRecord]) {
        let readings = records.reduce(0) { $0 + $1.record.readings.count }
        cells.reserveCapacity(readings)
        series.reserveCapacity(min(readings, machine.signals.count))
        times = TimeColumns(capacity: readings)
        open = [Int32](repeating: -1, count: machine.signals.count)
        for record in records {
            let readings = record.record.readings.span
            for index in readings.indices { add(readings[index], machine: machine) }
        }
    }

    @inline(__always)
    private mutating func add(_ reading: borrowing Reading, machine: PreparedMachine) {
        guard let signal = machine.index(of: reading.signal) else { return }
        let cell = Int32(truncatingIfNeeded: cells.count)
        let time = reading.time.nanoseconds
        let seq = reading.seq
        var (kind, bits) = contents(of: reading.value)
        var condition = reading.condition
        if condition.quality == .bad {
            kind = .null
        } else if kind == .null {
            condition = .decodeError
        }
        cells.append(Cell(time: time, bits: bits, next: -1, kind: kind, condition: condition))

        let current = Int(open[signal])
        if current >= 0, series[current].lastSeq &+ 1 == seq, series[current].lastTime <= time {
            cells[Int(series[current].last)].next = cell
            series[current].last = cell
            series[current].count += 1
            series[current].lastSeq = seq
            series[current].lastTime = time
            series[current].column = times.column(series[current].column, extendedBy: time)
            if condition != .good { series[current].hasCodes = true }
        } else {
            open[signal] = Int32(truncatingIfNeeded: series.count)
            series.append(
                Series(
                    signal: Int32(truncatingIfNeeded: signal), first: cell, last: cell, count: 1, firstSeq: seq,
                    lastSeq: seq, lastTime: time, column: times.column(TimeColumns.empty, extendedBy: time),
                    hasCodes: condition != .good))
        }
    }

    /// The bits of a value; kind `null` if there is none or it is a number that JSON cannot hold (field rule P50).
    @inline(__always)
    private mutating func contents(of value: borrowing Value?) -> (Cell.Kind, UInt64) {
        switch value {
        case .none: return (.null, 0)
        case .bool(let value): return (value ? .yes : .no, 0)
        case .int(let value): return (.int, UInt64(bitPattern: value))
        case .uint(let value): return (.uint, value)
        case .float(let value): return value.isFinite ? (.float, UInt64(value.bitPattern)) : (.null, 0)
        case .double(let value): return value.isFinite ? (.double, value.bitPattern) : (.null, 0)
        case .text(let value):
            texts.append(value)
            return (.text, UInt64(texts.count - 1))
        }
    }

    /// The series whose times, written once for all, save most; ties go to the first. There is at least one series.
    func sharedColumn() -> Int32 {
        var uses = [Int32](repeating: 0, count: times.count)
        for one in series { uses[Int(one.column)] += 1 }
        var best: (column: Int32, saved: Int) = (series[0].column, 0)
        for one in series {
            let saved = Int(uses[Int(one.column)] - 1) * Int(one.count)
            if saved > best.saved { best = (one.column, saved) }
        }
        return best.column
    }
}

/// Tells apart columns of times while they grow: two series have the same node exactly if they have the same times.
///
/// Each node stands for its parent's times and one more. A machine's signals come in runs with one time, so nearly
/// each step is the same as the one before it; others are found in a hash table.
struct TimeColumns {
    /// The column without times.
    static let empty: Int32 = 0

    private struct Node {
        var parent: Int32
        var time: Int64
    }

    private var nodes: [Node]
    /// Open addressing, at most half full. -1 is free.
    private var table: [Int32]
    private let mask: Int
    private var recent: Int32

    /// - Parameter capacity: The most steps there will be.
    init(capacity: Int) {
        var size = 16
        while size < 2 * (capacity + 1) { size *= 2 }
        table = [Int32](repeating: -1, count: size)
        mask = size - 1
        nodes = [Node(parent: -1, time: 0)]
        recent = 0
    }

    var count: Int { nodes.count }

    @inline(__always)
    mutating func column(_ parent: Int32, extendedBy time: Int64) -> Int32 {
        let node = nodes[Int(recent)]
        if node.parent == parent, node.time == time { return recent }
        recent = find(parent, time)
        return recent
    }

    private mutating func find(_ parent: Int32, _ time: Int64) -> Int32 {
        // Multiplicative hashing; the high bits of the product are the mixed ones.
        let mixed = (UInt64(bitPattern: time) ^ UInt64(UInt32(bitPattern: parent)) << 40) &* 0x9E37_79B9_7F4A_7C15
        var place = Int(truncatingIfNeeded: mixed >> 32) & mask
        while table[place] >= 0 {
            let node = nodes[Int(table[place])]
            if node.parent == parent, node.time == time { return table[place] }
            place = (place + 1) & mask
        }
        let new = Int32(truncatingIfNeeded: nodes.count)
        nodes.append(Node(parent: parent, time: time))
        table[place] = new
        return new
    }
}
