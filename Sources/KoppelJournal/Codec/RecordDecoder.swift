internal import KoppelCore

/// Turns the bytes of ``RecordFormat`` back into records, and refuses anything that is not one.
enum RecordDecoder {
    /// The record that was stored at a position, and its epoch.
    static func decode(
        _ bytes: UnsafeRawBufferPointer, machine: MachineNumber, position: Int64
    ) throws(CodecError) -> (epoch: UInt32, record: SweepRecord) {
        var reader = ByteReader(bytes)
        let checksum = try reader.number(UInt64.self)
        guard checksum == xxHash64(UnsafeRawBufferPointer(rebasing: bytes[8...]), seed: UInt64(bitPattern: position))
        else { throw .checksum }
        let version = try reader.byte()
        guard (RecordFormat.oldest...RecordFormat.version).contains(version) else { throw .version(version) }
        guard let clock = ClockState(rawValue: try reader.byte()) else { throw .meaningless }
        let epoch = UInt32(try reader.count(atMost: Int(UInt32.max)))
        let rev = UInt32(try reader.count(atMost: Int(UInt32.max)))
        let count = try reader.count(atMost: RecordFormat.maximumReadings)
        let gapCount = try reader.count(atMost: RecordFormat.maximumReadings)
        let readings = try decodeReadings(count, from: &reader)
        var gaps: [Gap] = []
        for _ in 0..<gapCount { gaps.append(try decodeGap(from: &reader)) }
        let occurrences = version >= 2 ? try decodeOccurrences(from: &reader) : []
        guard reader.isAtEnd else { throw .meaningless }
        return (
            epoch,
            SweepRecord(
                machine: machine, rev: rev, clock: clock, readings: readings, gaps: gaps, occurrences: occurrences)
        )
    }

    static func decode(
        _ bytes: [UInt8], machine: MachineNumber, position: Int64
    ) throws(CodecError) -> (epoch: UInt32, record: SweepRecord) {
        var result: Result<(epoch: UInt32, record: SweepRecord), CodecError> = .failure(.truncated)
        bytes.withUnsafeBytes { bytes in
            do throws(CodecError) {
                result = .success(try decode(bytes, machine: machine, position: position))
            } catch {
                result = .failure(error)
            }
        }
        return try result.get()
    }

    /// Whether the checksum fits, without looking at what the bytes mean.
    static func isSound(_ bytes: UnsafeRawBufferPointer, position: Int64) -> Bool {
        guard bytes.count >= 8 else { return false }
        let checksum = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
        return checksum == xxHash64(UnsafeRawBufferPointer(rebasing: bytes[8...]), seed: UInt64(bitPattern: position))
    }

    private static func decodeOccurrences(from reader: inout ByteReader) throws(CodecError) -> [Occurrence] {
        var occurrences: [Occurrence] = []
        for _ in 0..<(try reader.count(atMost: RecordFormat.maximumOccurrences)) {
            occurrences.append(try reader.occurrence())
        }
        return occurrences
    }

    private static func decodeGap(from reader: inout ByteReader) throws(CodecError) -> Gap {
        let signal = UInt16(try reader.count(atMost: 0xFFFF))
        let from = try reader.zigzag()
        let length = try reader.zigzag()
        let lost = try reader.varint()
        guard let reason = GapReason(rawValue: try reader.byte()) else { throw .meaningless }
        return Gap(
            signal: SignalNumber(rawValue: signal), from: Timestamp(nanoseconds: from),
            to: Timestamp(nanoseconds: from &+ length), lost: lost, reason: reason)
    }

    private static func decodeReadings(_ count: Int, from reader: inout ByteReader) throws(CodecError) -> [Reading] {
        var failure: CodecError?
        let blank = Reading(
            signal: SignalNumber(rawValue: 0), condition: .good, seq: 0, time: Timestamp(nanoseconds: 0), value: nil)
        let readings = [Reading](unsafeUninitializedCapacity: count) { buffer, initialized in
            buffer.baseAddress?.initialize(repeating: blank, count: count)
            initialized = count
            let readings = UnsafeMutableBufferPointer(rebasing: buffer[..<count])
            do throws(CodecError) {
                try decodeSignals(readings, from: &reader)
                try decodeSequences(readings, from: &reader)
                try decodeConditions(readings, from: &reader)
                try decodeTimes(readings, from: &reader)
                try ValueColumn.decode(readings, from: &reader)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return readings
    }

    private static func decodeSignals(
        _ readings: UnsafeMutableBufferPointer<Reading>, from reader: inout ByteReader
    ) throws(CodecError) {
        switch try reader.byte() {
        case RecordFormat.Layout.runs:
            let runs = try reader.count(atMost: readings.count)
            var start = 0
            for _ in 0..<runs {
                let first = try reader.count(atMost: 0xFFFF)
                let length = try reader.count(atMost: min(readings.count - start, 0x1_0000 - first))
                for index in 0..<length {
                    readings[start &+ index].signal = SignalNumber(
                        rawValue: UInt16(truncatingIfNeeded: first &+ index))
                }
                start += length
            }
            guard start == readings.count else { throw .meaningless }
        case RecordFormat.Layout.list:
            let list = try reader.take(readings.count, width: 2)
            for index in readings.indices {
                let signal = list.loadUnaligned(fromByteOffset: index &* 2, as: UInt16.self)
                readings[index].signal = SignalNumber(rawValue: UInt16(littleEndian: signal))
            }
        default: throw .meaningless
        }
    }

    private static func decodeSequences(
        _ readings: UnsafeMutableBufferPointer<Reading>, from reader: inout ByteReader
    ) throws(CodecError) {
        let lowest = try reader.varint()
        switch try reader.byte() {
        case 0: for index in readings.indices { readings[index].seq = lowest }
        case 1: try decodeSequences(readings, above: lowest, as: UInt8.self, from: &reader)
        case 2: try decodeSequences(readings, above: lowest, as: UInt16.self, from: &reader)
        case 4: try decodeSequences(readings, above: lowest, as: UInt32.self, from: &reader)
        case 8: try decodeSequences(readings, above: lowest, as: UInt64.self, from: &reader)
        default: throw .meaningless
        }
    }

    @inline(__always)
    private static func decodeSequences<Width: FixedWidthInteger & BitwiseCopyable>(
        _ readings: UnsafeMutableBufferPointer<Reading>, above lowest: UInt64, as: Width.Type,
        from reader: inout ByteReader
    ) throws(CodecError) {
        let width = MemoryLayout<Width>.size
        let list = try reader.take(readings.count, width: width)
        for index in readings.indices {
            let delta = Width(littleEndian: list.loadUnaligned(fromByteOffset: index &* width, as: Width.self))
            readings[index].seq = lowest &+ UInt64(truncatingIfNeeded: delta)
        }
    }

    private static func decodeConditions(
        _ readings: UnsafeMutableBufferPointer<Reading>, from reader: inout ByteReader
    ) throws(CodecError) {
        switch try reader.byte() {
        case RecordFormat.Layout.runs:
            let runs = try reader.count(atMost: readings.count)
            var start = 0
            for _ in 0..<runs {
                guard let condition = Condition(rawValue: try reader.byte()) else { throw .meaningless }
                let length = try reader.count(atMost: readings.count - start)
                // Readings start out good, and mostly are.
                if condition != .good {
                    for index in start..<start + length { readings[index].condition = condition }
                }
                start += length
            }
            guard start == readings.count else { throw .meaningless }
        case RecordFormat.Layout.list:
            let list = try reader.take(readings.count)
            for index in readings.indices {
                guard let condition = Condition(rawValue: list[index]) else { throw .meaningless }
                readings[index].condition = condition
            }
        default: throw .meaningless
        }
    }

    private static func decodeTimes(
        _ readings: UnsafeMutableBufferPointer<Reading>, from reader: inout ByteReader
    ) throws(CodecError) {
        var start = 0
        var time: Int64 = 0
        while start < readings.count {
            let length = try reader.count(atMost: readings.count - start)
            guard length > 0 else { throw .meaningless }
            time &+= try reader.zigzag()
            for index in start..<start + length { readings[index].time.nanoseconds = time }
            start += length
        }
    }
}
