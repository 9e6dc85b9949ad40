internal import KoppelCore

extension ValueColumn {
    static func decode(
        _ readings: UnsafeMutableBufferPointer<Reading>, from reader: inout ByteReader
    ) throws(CodecError) {
        var start = 0
        while start < readings.count {
            let length = try reader.count(atMost: readings.count - start)
            guard length > 0 else { throw .meaningless }
            guard let storage = RecordFormat.Storage(rawValue: try reader.byte()) else { throw .meaningless }
            let run = UnsafeMutableBufferPointer(rebasing: readings[start..<start + length])
            try decode(run, storage, from: &reader)
            start += length
        }
    }

    private static func decode(
        _ run: UnsafeMutableBufferPointer<Reading>, _ storage: RecordFormat.Storage, from reader: inout ByteReader
    ) throws(CodecError) {
        switch storage {
        case .none: break  // readings start out without a value
        case .bool: try decodeBools(run, from: &reader)
        case .int8: try load(run, Int8.self, from: &reader) { .int(Int64($0)) }
        case .int16: try load(run, Int16.self, from: &reader) { .int(Int64($0)) }
        case .int32: try load(run, Int32.self, from: &reader) { .int(Int64($0)) }
        case .int64: try load(run, Int64.self, from: &reader) { .int($0) }
        case .uint8: try load(run, UInt8.self, from: &reader) { .uint(UInt64($0)) }
        case .uint16: try load(run, UInt16.self, from: &reader) { .uint(UInt64($0)) }
        case .uint32: try load(run, UInt32.self, from: &reader) { .uint(UInt64($0)) }
        case .uint64: try load(run, UInt64.self, from: &reader) { .uint($0) }
        case .float: try load(run, UInt32.self, from: &reader) { .float(Float(bitPattern: $0)) }
        case .double: try load(run, UInt64.self, from: &reader) { .double(Double(bitPattern: $0)) }
        case .text: for index in run.indices { run[index].value = .text(try reader.text()) }
        case .decimal16:
            let power = try decodePower(from: &reader)
            try load(run, Int16.self, from: &reader) { .double(Double($0) / power) }
        case .decimal32:
            let power = try decodePower(from: &reader)
            try load(run, Int32.self, from: &reader) { .double(Double($0) / power) }
        }
    }

    private static func decodePower(from reader: inout ByteReader) throws(CodecError) -> Double {
        RecordFormat.powersOfTen[try reader.count(atMost: RecordFormat.powersOfTen.count - 1)]
    }

    private static func decodeBools(
        _ run: UnsafeMutableBufferPointer<Reading>, from reader: inout ByteReader
    ) throws(CodecError) {
        let bits = try reader.take((run.count + 7) / 8)
        for index in run.indices { run[index].value = .bool(bits[index / 8] & (1 << UInt8(index % 8)) != 0) }
    }

    @inline(__always)
    private static func load<Number: FixedWidthInteger & BitwiseCopyable>(
        _ run: UnsafeMutableBufferPointer<Reading>, _ type: Number.Type, from reader: inout ByteReader,
        _ value: (Number) -> Value
    ) throws(CodecError) {
        let width = MemoryLayout<Number>.size
        let list = try reader.take(run.count, width: width)
        for index in run.indices {
            let number = Number(littleEndian: list.loadUnaligned(fromByteOffset: index &* width, as: Number.self))
            run[index].value = value(number)
        }
    }
}
