internal import KoppelCore

/// The figures of one window of one machine (data model 3.12 b, the aggregated batch): one sample a series, at the
/// start of the window.
extension JSONWriter {
    mutating func figures(_ figures: WindowFigures, of machine: PreparedMachine) {
        let window = figures.length.iso8601
        raw(machine.batchHead)
        unsigned(UInt64(figures.rev))
        key("epoch")
        unsigned(UInt64(figures.epoch))
        key("t0")
        time(figures.start)
        raw(",\"dt\":[0]")
        key("buffered")
        bool(figures.isBuffered)
        member("clock", figures.clock.name)
        key("series")
        openArray()
        for row in figures.rows {
            guard let signal = machine.index(of: row.signal) else { continue }
            separate()
            // How many readings there were has no unit.
            raw(row.function == .count ? machine.signals[signal].olderSeriesHead : machine.signals[signal].seriesHead)
            unsigned(figures.seq)
            key("v")
            openArray()
            if let value = row.value, value.isFinite { number(value) } else { null() }
            closeArray()
            if row.statusCode != 0 {
                key("s")
                openArray()
                unsigned(UInt64(row.statusCode))
                closeArray()
            }
            member("agg", row.function.rawValue)
            member("window", window)
            closeObject()
        }
        closeArray()
        missing(figures.missing, machine: machine)
        closeObject()
    }

    private mutating func missing(_ missing: [WindowFigures.Missing], machine: PreparedMachine) {
        var isFirst = true
        for gap in missing {
            guard let signal = machine.index(of: gap.signal) else { continue }
            raw(isFirst ? ",\"gaps\":[" : ",")
            isFirst = false
            self.gap(machine.signals[signal], gap.from, gap.to, lost: gap.lost, reason: gap.reason)
        }
        if !isFirst { closeArray() }
    }
}
