/// A growing byte buffer that is used again for each record, so that storing a sweep allocates nothing.
///
/// Numbers are little-endian; a varint is LEB128 (7 bits a byte, lowest first).
struct ByteWriter: ~Copyable {
    private(set) var base: UnsafeMutableRawPointer
    private var capacity: Int
    private(set) var count = 0

    init(capacity: Int = 16_384) {
        self.capacity = capacity
        base = .allocate(byteCount: capacity, alignment: 16)
    }

    deinit { base.deallocate() }

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

    mutating func removeAll() { count = 0 }

    /// Takes back what was written after the first `length` bytes.
    mutating func truncate(to length: Int) { count = min(count, length) }

    /// Makes room for `length` bytes at the end, counts them as written and returns where they begin.
    mutating func grow(by length: Int) -> UnsafeMutableRawPointer {
        if count + length > capacity { enlarge(to: count + length) }
        defer { count += length }
        return base + count
    }

    mutating func append(_ byte: UInt8) { grow(by: 1).storeBytes(of: byte, as: UInt8.self) }

    mutating func append<Number: FixedWidthInteger & BitwiseCopyable>(number: Number) {
        grow(by: MemoryLayout<Number>.size).storeBytes(of: number.littleEndian, as: Number.self)
    }

    mutating func append(varint number: UInt64) {
        var rest = number
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(rest))
    }

    mutating func append(varint number: Int) { append(varint: UInt64(number)) }

    /// Small numbers of either sign stay short: 0, -1, 1, -2 become 0, 1, 2, 3.
    mutating func append(zigzag number: Int64) { append(varint: UInt64(bitPattern: (number << 1) ^ (number >> 63))) }

    mutating func append(text: String) {
        var text = text
        text.withUTF8 { utf8 in
            append(varint: utf8.count)
            grow(by: utf8.count).copyMemory(from: utf8)
        }
    }

    mutating func store(_ number: UInt64, at offset: Int) {
        precondition(offset >= 0 && offset + 8 <= count, "a number is stored inside what was written")
        base.storeBytes(of: number.littleEndian, toByteOffset: offset, as: UInt64.self)
    }

    private mutating func enlarge(to needed: Int) {
        capacity = max(needed, capacity * 2)
        let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
        larger.copyMemory(from: base, byteCount: count)
        base.deallocate()
        base = larger
    }
}

extension UnsafeMutableRawPointer {
    fileprivate func copyMemory(from source: UnsafeBufferPointer<UInt8>) {
        guard let start = source.baseAddress else { return }
        copyMemory(from: start, byteCount: source.count)
    }
}
