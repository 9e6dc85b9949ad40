internal import KoppelCore

/// Turns records into the bytes of ``RecordFormat``, in one buffer that is used again.
struct RecordEncoder: ~Copyable {
    private var writer = ByteWriter()

    /// What is known of a record once it is encoded.
    struct Summary {
        var first: Timestamp
        var last: Timestamp
        var highestSignal: UInt16
    }

    /// The bytes of the record encoded last.
    var bytes: UnsafeRawBufferPointer { writer.bytes }

    /// Where they are, until the next record is encoded.
    var start: UnsafeMutableRawPointer { writer.base }

    /// Replaces what was encoded before. The position where it will be stored is part of the checksum.
    @discardableResult
    mutating func encode(_ record: SweepRecord, epoch: UInt32, position: Int64) -> Summary {
        writer.removeAll()
        writer.append(number: UInt64(0))
        writer.append(RecordFormat.version)
        writer.append(record.clock.rawValue)
        writer.append(varint: UInt64(epoch))
        writer.append(varint: UInt64(record.rev))
        writer.append(varint: record.readings.count)
        writer.append(varint: record.gaps.count)
        var summary = Summary(first: Timestamp(nanoseconds: .max), last: Timestamp(nanoseconds: .min), highestSignal: 0)
        record.readings.withUnsafeBufferPointer { readings in
            encodeSignals(readings, &summary)
            encodeSequences(readings)
            encodeConditions(readings)
            encodeTimes(readings, &summary)
            ValueColumn.encode(readings, into: &writer)
        }
        for gap in record.gaps { encode(gap) }
        encode(record.occurrences, &summary)
        let bytes = writer.bytes
        writer.store(
            xxHash64(UnsafeRawBufferPointer(rebasing: bytes[8...]), seed: UInt64(bitPattern: position)), at: 0)
        return summary
    }

    /// A record without readings has the times of what happened.
    private mutating func encode(_ occurrences: [Occurrence], _ summary: inout Summary) {
        writer.append(varint: occurrences.count)
        for occurrence in occurrences { writer.append(occurrence) }
        guard summary.first > summary.last else { return }
        let times = occurrences.compactMap(\.time)
        summary.first = times.min() ?? Timestamp(nanoseconds: 0)
        summary.last = times.max() ?? Timestamp(nanoseconds: 0)
    }

    private mutating func encode(_ gap: Gap) {
        writer.append(varint: UInt64(gap.signal.rawValue))
        writer.append(zigzag: gap.from.nanoseconds)
        writer.append(zigzag: gap.to.nanoseconds &- gap.from.nanoseconds)
        writer.append(varint: gap.lost)
        writer.append(gap.reason.rawValue)
    }

    private mutating func encodeSignals(_ readings: UnsafeBufferPointer<Reading>, _ summary: inout Summary) {
        var runs = 0
        var next = -1
        for reading in readings {
            let signal = Int(reading.signal.rawValue)
            if signal != next { runs += 1 }
            next = signal + 1
            summary.highestSignal = max(summary.highestSignal, reading.signal.rawValue)
        }
        guard runs * 4 <= readings.count || readings.count < 4 else {
            writer.append(RecordFormat.Layout.list)
            let out = writer.grow(by: readings.count * 2)
            for index in readings.indices {
                out.storeBytes(
                    of: readings[index].signal.rawValue.littleEndian, toByteOffset: index &* 2, as: UInt16.self)
            }
            return
        }
        writer.append(RecordFormat.Layout.runs)
        writer.append(varint: runs)
        forEachRun(in: readings, { UInt32($1.signal.rawValue) == UInt32($0.signal.rawValue) + 1 }) { writer, run in
            writer.append(varint: UInt64(run[run.startIndex].signal.rawValue))
            writer.append(varint: run.count)
        }
    }

    /// The lowest seq, then how far each is above it, in the fewest bytes that fit all.
    private mutating func encodeSequences(_ readings: UnsafeBufferPointer<Reading>) {
        var lowest = UInt64.max
        var highest: UInt64 = 0
        for reading in readings {
            lowest = min(lowest, reading.seq)
            highest = max(highest, reading.seq)
        }
        if readings.isEmpty { lowest = 0 }
        writer.append(varint: lowest)
        switch highest &- lowest {
        case 0: writer.append(0)
        case ...0xFF: encodeSequences(readings, above: lowest, as: UInt8.self)
        case ...0xFFFF: encodeSequences(readings, above: lowest, as: UInt16.self)
        case ...0xFFFF_FFFF: encodeSequences(readings, above: lowest, as: UInt32.self)
        default: encodeSequences(readings, above: lowest, as: UInt64.self)
        }
    }

    @inline(__always)
    private mutating func encodeSequences<Width: FixedWidthInteger & BitwiseCopyable>(
        _ readings: UnsafeBufferPointer<Reading>, above lowest: UInt64, as: Width.Type
    ) {
        let width = MemoryLayout<Width>.size
        writer.append(UInt8(width))
        let out = writer.grow(by: readings.count * width)
        for index in readings.indices {
            let delta = Width(truncatingIfNeeded: readings[index].seq &- lowest)
            out.storeBytes(of: delta.littleEndian, toByteOffset: index &* width, as: Width.self)
        }
    }

    private mutating func encodeConditions(_ readings: UnsafeBufferPointer<Reading>) {
        // Matched by pattern, since comparing goes through the raw values, by call.
        if readings.allIndices(satisfy: { if case .good = $0.condition { true } else { false } }) {
            writer.append(RecordFormat.Layout.runs)
            writer.append(varint: readings.isEmpty ? 0 : 1)
            guard !readings.isEmpty else { return }
            writer.append(Condition.good.rawValue)
            return writer.append(varint: readings.count)
        }
        var runs = 1
        for index in readings.indices.dropFirst() where readings[index].condition != readings[index &- 1].condition {
            runs += 1
        }
        guard runs * 2 > readings.count + 2 else {
            writer.append(RecordFormat.Layout.runs)
            writer.append(varint: runs)
            forEachRun(in: readings, { $0.condition == $1.condition }) { writer, run in
                writer.append(run[run.startIndex].condition.rawValue)
                writer.append(varint: run.count)
            }
            return
        }
        writer.append(RecordFormat.Layout.list)
        let out = writer.grow(by: readings.count)
        for index in readings.indices {
            out.storeBytes(of: readings[index].condition.rawValue, toByteOffset: index, as: UInt8.self)
        }
    }

    /// All readings of one answer share their time, so times are runs, each as the step from the run before it.
    private mutating func encodeTimes(_ readings: UnsafeBufferPointer<Reading>, _ summary: inout Summary) {
        var previous: Int64 = 0
        var first = summary.first
        var last = summary.last
        forEachRun(in: readings, { $0.time.nanoseconds == $1.time.nanoseconds }) { writer, run in
            let time = run[run.startIndex].time
            first.nanoseconds = min(first.nanoseconds, time.nanoseconds)
            last.nanoseconds = max(last.nanoseconds, time.nanoseconds)
            writer.append(varint: run.count)
            writer.append(zigzag: time.nanoseconds &- previous)
            previous = time.nanoseconds
        }
        summary.first = first
        summary.last = last
    }

    @inline(__always)
    private mutating func forEachRun(
        in readings: UnsafeBufferPointer<Reading>, _ belongs: (borrowing Reading, borrowing Reading) -> Bool,
        _ body: (inout ByteWriter, Slice<UnsafeBufferPointer<Reading>>) -> Void
    ) {
        var start = 0
        while start < readings.count {
            var end = start &+ 1
            while end < readings.count, belongs(readings[end &- 1], readings[end]) { end &+= 1 }
            body(&writer, readings[start..<end])
            start = end
        }
    }
}

extension UnsafeBufferPointer<Reading> {
    /// As `allSatisfy`, without copying a reading, which costs more than looking at it.
    @inline(__always)
    func allIndices(satisfy condition: (borrowing Reading) -> Bool) -> Bool {
        for index in indices where !condition(self[index]) { return false }
        return true
    }
}
