/// Why stored bytes are not a record. Never a trap: the bytes come from a disk.
enum CodecError: Error, Hashable {
    /// Shorter than it says.
    case truncated
    /// The checksum does not fit the bytes, or the bytes belong to another position.
    case checksum
    /// Written by a newer version of the encoding.
    case version(UInt8)
    /// Sound bytes with a meaning that does not exist.
    case meaningless
}

/// Reads what ``ByteWriter`` wrote, from bytes that may be anything.
struct ByteReader {
    private let bytes: UnsafeRawBufferPointer
    private(set) var offset = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var isAtEnd: Bool { offset == bytes.count }

    /// The next `count` elements of `width` bytes each.
    mutating func take(_ count: Int, width: Int = 1) throws(CodecError) -> UnsafeRawBufferPointer {
        let (length, overflow) = count.multipliedReportingOverflow(by: width)
        guard !overflow, length >= 0, length <= bytes.count - offset else { throw .truncated }
        defer { offset += length }
        return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + length])
    }

    mutating func byte() throws(CodecError) -> UInt8 {
        guard offset < bytes.count else { throw .truncated }
        defer { offset += 1 }
        return bytes[offset]
    }

    mutating func number<Number: FixedWidthInteger & BitwiseCopyable>(
        _ type: Number.Type = Number.self
    ) throws(CodecError) -> Number {
        let part = try take(MemoryLayout<Number>.size)
        return Number(littleEndian: part.loadUnaligned(as: Number.self))
    }

    mutating func varint() throws(CodecError) -> UInt64 {
        var result: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let byte = try byte()
            guard shift < 63 || byte <= 1 else { throw .meaningless }
            result |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return result }
            shift += 7
        }
    }

    /// A varint that must be from 0 to `limit`.
    mutating func count(atMost limit: Int) throws(CodecError) -> Int {
        let value = try varint()
        guard value <= UInt64(limit) else { throw .meaningless }
        return Int(value)
    }

    mutating func zigzag() throws(CodecError) -> Int64 {
        let value = try varint()
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }

    mutating func text() throws(CodecError) -> String {
        let utf8 = try take(count(atMost: bytes.count))
        guard let text = String(validating: utf8, as: UTF8.self) else { throw .meaningless }
        return text
    }
}
