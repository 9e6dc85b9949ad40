internal import KoppelCore

/// History of one machine as columns (data model 3.12 b).
extension JSONWriter {
    mutating func batch(
        _ columns: borrowing BatchColumns, of records: [StoredRecord], machine: PreparedMachine, buffered: Bool
    ) {
        let first = records[0]
        let isCurrent = first.record.rev == machine.rev
        let shared = columns.sharedColumn()
        let origin = columns.origin()
        raw(machine.batchHead)
        unsigned(UInt64(first.record.rev))
        key("epoch")
        unsigned(UInt64(first.epoch))
        key("t0")
        time(Timestamp(nanoseconds: origin))
        let series = columns.series.span
        for index in series.indices where series[index].column == shared {
            offsets(of: series[index], in: columns, since: origin)
            break
        }
        key("buffered")
        bool(buffered)
        member("clock", first.record.clock.name)
        key("series")
        openArray()
        for index in series.indices {
            if index > 0 { byte(UInt8(ascii: ",")) }
            write(
                series[index], of: columns, machine: machine, isCurrent: isCurrent, shared: shared, origin: origin)
        }
        closeArray()
        gaps(of: records, machine: machine)
        closeObject()
    }

    @inline(__always)
    private mutating func write(
        _ series: BatchColumns.Series, of columns: borrowing BatchColumns, machine: PreparedMachine, isCurrent: Bool,
        shared: Int32, origin: Int64
    ) {
        let signal = machine.signals[Int(series.signal)]
        raw(isCurrent ? signal.seriesHead : signal.olderSeriesHead)
        unsigned(series.firstSeq)
        if series.column != shared { offsets(of: series, in: columns, since: origin) }
        let cells = columns.cells.span
        raw(",\"v\":[")
        var index = series.first
        while true {
            let cell = cells[Int(index)]
            value(of: cell, texts: columns.texts)
            index = cell.next
            guard index >= 0 else { break }
            byte(UInt8(ascii: ","))
        }
        guard series.hasCodes else { return raw("]}") }
        raw("],\"s\":[")
        index = series.first
        while true {
            let cell = cells[Int(index)]
            unsigned(UInt64(cell.condition.statusCode))
            index = cell.next
            guard index >= 0 else { break }
            byte(UInt8(ascii: ","))
        }
        raw("]}")
    }

    private mutating func offsets(
        of series: BatchColumns.Series, in columns: borrowing BatchColumns, since origin: Int64
    ) {
        let cells = columns.cells.span
        raw(",\"dt\":[")
        var index = series.first
        while true {
            let cell = cells[Int(index)]
            unsigned(UInt64(max(0, cell.time - origin)))
            index = cell.next
            guard index >= 0 else { break }
            byte(UInt8(ascii: ","))
        }
        closeArray()
    }

    @inline(__always)
    private mutating func value(of cell: BatchColumns.Cell, texts: [String]) {
        switch cell.kind {
        case .float: number(Float(bitPattern: UInt32(truncatingIfNeeded: cell.bits)))
        case .double: number(Double(bitPattern: cell.bits))
        case .int: integer(Int64(bitPattern: cell.bits))
        case .uint: integer(cell.bits)
        case .null: null()
        case .no: bool(false)
        case .yes: bool(true)
        case .text: string(texts[Int(cell.bits)])
        }
    }

    /// What is missing of one signal, with the reason.
    mutating func gap(
        _ signal: PreparedMachine.Signal, _ from: Timestamp, _ to: Timestamp, lost: UInt64, reason: String
    ) {
        raw(signal.gapHead)
        time(from)
        key("to")
        time(to)
        key("lost")
        unsigned(lost)
        member("reason", reason)
        closeObject()
    }

    private mutating func gaps(of records: [StoredRecord], machine: PreparedMachine) {
        var isFirst = true
        for record in records {
            for gap in record.record.gaps {
                guard let signal = machine.index(of: gap.signal) else { continue }
                raw(isFirst ? ",\"gaps\":[" : ",")
                isFirst = false
                self.gap(machine.signals[signal], gap.from, gap.to, lost: gap.lost, reason: gap.reason.name)
            }
        }
        if !isFirst { closeArray() }
    }
}

extension BatchColumns {
    /// The moment that offsets count from: the smallest time.
    ///
    /// Offsets go up to 2^53 - 1 ns, 104 days. Where the times span more (a value from before the clock was set, say),
    /// the origin is that far before the newest, and what is older is told as taken at the origin.
    func origin() -> Int64 {
        var (oldest, newest) = (Int64.max, Int64.min)
        for cell in cells {
            oldest = min(oldest, cell.time)
            newest = max(newest, cell.time)
        }
        let (span, overflow) = newest.subtractingReportingOverflow(oldest)
        let limit = Int64(JSONWriter.largestExactInteger)
        return overflow || span > limit ? newest - limit : oldest
    }
}
