/// Writes one JSON document into a buffer of its own.
///
/// The hot path of the agent: a batch is thousands of numbers, so bytes are written through a pointer and nothing is
/// allocated per value. The caller is trusted with the shape of the document; the writer sets the commas, escapes
/// text and knows how numbers and times are written.
///
/// Invariant: `start <= cursor <= end`, all in one allocation that this value owns and frees. Every method asks for
/// room with ``reserve(_:)`` before it writes.
struct JSONWriter: ~Copyable {
    private var start: UnsafeMutablePointer<UInt8>
    private var end: UnsafeMutablePointer<UInt8>
    /// Where the next byte goes. Only the writer's own extensions move it, within what they reserved.
    var cursor: UnsafeMutablePointer<UInt8>

    /// - Parameter capacity: Bytes to begin with, at least 64. The buffer doubles when it is full.
    init(capacity: Int = 512) {
        let size = max(capacity, 64)
        start = .allocate(capacity: size)
        cursor = start
        end = start + size
    }

    deinit { start.deallocate() }

    /// The bytes written so far.
    var count: Int { cursor - start }

    /// The document so far.
    func bytes() -> [UInt8] { Array(UnsafeBufferPointer(start: start, count: count)) }

    // MARK: Bytes

    /// Makes sure that `size` bytes can be written at the cursor.
    @inline(__always)
    mutating func reserve(_ size: Int) {
        if end - cursor < size { grow(by: size) }
    }

    @inline(never)
    private mutating func grow(by size: Int) {
        let used = count
        let capacity = max((end - start) * 2, used + size)
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
        larger.update(from: start, count: used)
        start.deallocate()
        start = larger
        cursor = larger + used
        end = larger + capacity
    }

    @inline(__always)
    mutating func byte(_ byte: UInt8) {
        reserve(1)
        cursor.pointee = byte
        cursor += 1
    }

    /// Writes JSON that is known to be well formed.
    @inline(__always)
    mutating func raw(_ text: StaticString) {
        let size = text.utf8CodeUnitCount
        reserve(size)
        cursor.update(from: text.utf8Start, count: size)
        cursor += size
    }

    /// Writes JSON that was rendered before.
    @inline(__always)
    mutating func raw(_ rendered: [UInt8]) {
        reserve(rendered.count)
        rendered.withUnsafeBufferPointer { source in
            guard let first = source.baseAddress else { return }
            cursor.update(from: first, count: source.count)
        }
        cursor += rendered.count
    }

    // MARK: Structure

    /// Writes the comma between two members or elements, where one is needed.
    @inline(__always)
    mutating func separate() {
        guard cursor > start else { return }
        switch (cursor - 1).pointee {
        case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: ":"), UInt8(ascii: ","): break
        default: byte(UInt8(ascii: ","))
        }
    }

    /// Writes a member's name, with the comma before it where one is needed. The name needs no escapes.
    mutating func key(_ name: StaticString) {
        separate()
        byte(UInt8(ascii: "\""))
        raw(name)
        raw("\":")
    }

    /// Writes a member's name that comes from the configuration.
    mutating func key(text name: String) {
        separate()
        string(name)
        byte(UInt8(ascii: ":"))
    }

    mutating func openObject() { byte(UInt8(ascii: "{")) }
    mutating func closeObject() { byte(UInt8(ascii: "}")) }
    mutating func openArray() { byte(UInt8(ascii: "[")) }
    mutating func closeArray() { byte(UInt8(ascii: "]")) }

    // MARK: Scalars

    @inline(__always)
    mutating func null() { raw("null") }

    @inline(__always)
    mutating func bool(_ value: Bool) {
        if value { raw("true") } else { raw("false") }
    }

    /// Writes text in quotes, with the escapes of RFC 8259 section 7.
    mutating func string(_ text: String) {
        var text = text
        text.withUTF8 { source in
            // The worst byte becomes six: \u001F.
            reserve(source.count * 6 + 2)
            var target = cursor
            target.pointee = UInt8(ascii: "\"")
            target += 1
            for byte in source {
                guard byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") else {
                    target = JSONWriter.escape(byte, at: target)
                    continue
                }
                target.pointee = byte
                target += 1
            }
            target.pointee = UInt8(ascii: "\"")
            cursor = target + 1
        }
    }

    private static func escape(
        _ byte: UInt8, at target: UnsafeMutablePointer<UInt8>
    ) -> UnsafeMutablePointer<UInt8> {
        target[0] = UInt8(ascii: "\\")
        let letter: UInt8? =
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): byte
            case 0x08: UInt8(ascii: "b")
            case 0x09: UInt8(ascii: "t")
            case 0x0A: UInt8(ascii: "n")
            case 0x0C: UInt8(ascii: "f")
            case 0x0D: UInt8(ascii: "r")
            default: nil
            }
        if let letter {
            target[1] = letter
            return target + 2
        }
        target[1] = UInt8(ascii: "u")
        target[2] = UInt8(ascii: "0")
        target[3] = UInt8(ascii: "0")
        target[4] = UInt8(ascii: "0") + (byte >> 4)
        let low = byte & 0xF
        target[5] = low < 10 ? UInt8(ascii: "0") + low : UInt8(ascii: "a") + (low - 10)
        return target + 6
    }
}
