internal import KoppelCore

/// The column of values: runs of one kind, each in the narrowest storage that holds all of the run exactly.
enum ValueColumn {
    /// What a value is, apart from its width.
    private enum Kind { case none, bool, int, uint, float, double, text }

    static func encode(_ readings: UnsafeBufferPointer<Reading>, into writer: inout ByteWriter) {
        var start = 0
        while start < readings.count {
            let kind = kind(of: readings[start])
            var end = start &+ 1
            while end < readings.count, self.kind(of: readings[end]) == kind { end &+= 1 }
            let run = UnsafeBufferPointer(rebasing: readings[start..<end])
            writer.append(varint: run.count)
            switch kind {
            case .none: writer.append(RecordFormat.Storage.none.rawValue)
            case .bool: encodeBools(run, into: &writer)
            case .int: encodeInts(run, into: &writer)
            case .uint: encodeUInts(run, into: &writer)
            case .float:
                store(run, .float, into: &writer) { float($0).bitPattern }
            case .double: encodeDoubles(run, into: &writer)
            case .text: encodeTexts(run, into: &writer)
            }
            start = end
        }
    }

    @inline(__always) private static func kind(of reading: borrowing Reading) -> Kind {
        switch reading.value {
        case nil: .none
        case .bool: .bool
        case .int: .int
        case .uint: .uint
        case .float: .float
        case .double: .double
        case .text: .text
        }
    }

    @inline(__always)
    private static func store<Bits: FixedWidthInteger & BitwiseCopyable>(
        _ run: UnsafeBufferPointer<Reading>, _ storage: RecordFormat.Storage, into writer: inout ByteWriter,
        _ bits: (borrowing Reading) -> Bits
    ) {
        let width = MemoryLayout<Bits>.size
        writer.append(storage.rawValue)
        let out = writer.grow(by: run.count * width)
        for index in run.indices {
            out.storeBytes(of: bits(run[index]).littleEndian, toByteOffset: index &* width, as: Bits.self)
        }
    }

    private static func encodeBools(_ run: UnsafeBufferPointer<Reading>, into writer: inout ByteWriter) {
        writer.append(RecordFormat.Storage.bool.rawValue)
        let length = (run.count + 7) / 8
        let out = writer.grow(by: length)
        out.initializeMemory(as: UInt8.self, repeating: 0, count: length)
        for index in run.indices {
            guard case .bool(true)? = run[index].value else { continue }
            let byte = out.load(fromByteOffset: index / 8, as: UInt8.self)
            out.storeBytes(of: byte | (1 << UInt8(index % 8)), toByteOffset: index / 8, as: UInt8.self)
        }
    }

    private static func encodeInts(_ run: UnsafeBufferPointer<Reading>, into writer: inout ByteWriter) {
        var (lowest, highest) = (Int64.max, Int64.min)
        for reading in run {
            lowest = min(lowest, int(reading))
            highest = max(highest, int(reading))
        }
        switch (lowest, highest) {
        case ((-0x80)..., ...0x7F): store(run, .int8, into: &writer) { UInt8(truncatingIfNeeded: int($0)) }
        case ((-0x8000)..., ...0x7FFF): store(run, .int16, into: &writer) { UInt16(truncatingIfNeeded: int($0)) }
        case ((-0x8000_0000)..., ...0x7FFF_FFFF):
            store(run, .int32, into: &writer) { UInt32(truncatingIfNeeded: int($0)) }
        default: store(run, .int64, into: &writer) { UInt64(bitPattern: int($0)) }
        }
    }

    private static func encodeUInts(_ run: UnsafeBufferPointer<Reading>, into writer: inout ByteWriter) {
        var highest: UInt64 = 0
        for reading in run { highest = max(highest, uint(reading)) }
        switch highest {
        case ...0xFF: store(run, .uint8, into: &writer) { UInt8(truncatingIfNeeded: uint($0)) }
        case ...0xFFFF: store(run, .uint16, into: &writer) { UInt16(truncatingIfNeeded: uint($0)) }
        case ...0xFFFF_FFFF: store(run, .uint32, into: &writer) { UInt32(truncatingIfNeeded: uint($0)) }
        default: store(run, .uint64, into: &writer) { uint($0) }
        }
    }

    private static func encodeDoubles(_ run: UnsafeBufferPointer<Reading>, into writer: inout ByteWriter) {
        let kept = writer.count
        guard let exponent = decimalExponent(of: run), encodeDecimals(run, exponent, into: &writer) else {
            writer.truncate(to: kept)
            return store(run, .double, into: &writer) { double($0).bitPattern }
        }
    }

    /// The first exponent that the values at the start, in the middle and at the end of the run agree on.
    private static func decimalExponent(of run: UnsafeBufferPointer<Reading>) -> Int? {
        let samples = [double(run[0]), double(run[run.count / 2]), double(run[run.count - 1])]
        return RecordFormat.powersOfTen.indices.first { exponent in
            let power = RecordFormat.powersOfTen[exponent]
            return samples.allSatisfy { decimal($0, power) != nil }
        }
    }

    /// `nil` unless the value comes back bit for bit from dividing a 32-bit number by the power.
    @inline(__always) private static func decimal(_ value: Double, _ power: Double) -> Int32? {
        let scaled = (value * power).rounded(.toNearestOrEven)
        guard let number = Int32(exactly: scaled), (Double(number) / power).bitPattern == value.bitPattern else {
            return nil
        }
        return number
    }

    private static func encodeDecimals(
        _ run: UnsafeBufferPointer<Reading>, _ exponent: Int, into writer: inout ByteWriter
    ) -> Bool {
        let power = RecordFormat.powersOfTen[exponent]
        let start = writer.count
        writer.append(RecordFormat.Storage.decimal32.rawValue)
        writer.append(UInt8(exponent))
        let out = writer.grow(by: run.count * 4)
        var fitsInHalf = true
        for index in run.indices {
            guard let number = decimal(double(run[index]), power) else { return false }
            fitsInHalf = fitsInHalf && Int16(exactly: number) != nil
            out.storeBytes(of: number.littleEndian, toByteOffset: index &* 4, as: Int32.self)
        }
        guard fitsInHalf else { return true }
        // Each half lands at or before the place it is read from, so this can be done in place.
        for index in run.indices {
            let number = Int32(littleEndian: out.loadUnaligned(fromByteOffset: index &* 4, as: Int32.self))
            out.storeBytes(of: Int16(truncatingIfNeeded: number).littleEndian, toByteOffset: index &* 2, as: Int16.self)
        }
        (out - 2).storeBytes(of: RecordFormat.Storage.decimal16.rawValue, as: UInt8.self)
        writer.truncate(to: start + 2 + run.count * 2)
        return true
    }

    private static func encodeTexts(_ run: UnsafeBufferPointer<Reading>, into writer: inout ByteWriter) {
        writer.append(RecordFormat.Storage.text.rawValue)
        for reading in run {
            guard case .text(let text)? = reading.value else { continue }
            writer.append(text: text)
        }
    }

    @inline(__always) private static func int(_ reading: borrowing Reading) -> Int64 {
        if case .int(let value)? = reading.value { value } else { 0 }
    }

    @inline(__always) private static func uint(_ reading: borrowing Reading) -> UInt64 {
        if case .uint(let value)? = reading.value { value } else { 0 }
    }

    @inline(__always) private static func float(_ reading: borrowing Reading) -> Float {
        if case .float(let value)? = reading.value { value } else { 0 }
    }

    @inline(__always) private static func double(_ reading: borrowing Reading) -> Double {
        if case .double(let value)? = reading.value { value } else { 0 }
    }
}
