/// One field of a protobuf message as it stands on the wire.
struct WireField {
    enum Content {
        case number(UInt64)
        case bits64(UInt64)
        case bytes(ArraySlice<UInt8>)
        case bits32(UInt32)
    }

    let number: Int
    let content: Content

    /// All fields in order; `nil` if the bytes are not of the format.
    static func all(in bytes: ArraySlice<UInt8>) -> [WireField]? {
        var rest = bytes
        var fields: [WireField] = []
        while !rest.isEmpty {
            guard let key = varint(&rest) else { return nil }
            let content: Content? =
                switch key & 7 {
                case 0: varint(&rest).map { .number($0) }
                case 1: fixed(&rest, 8).map { .bits64($0) }
                case 2: varint(&rest).flatMap { take(&rest, $0) }.map { .bytes($0) }
                case 5: fixed(&rest, 4).map { .bits32(UInt32(truncatingIfNeeded: $0)) }
                default: nil
                }
            guard let content else { return nil }
            fields.append(WireField(number: Int(key >> 3), content: content))
        }
        return fields
    }

    private static func varint(_ rest: inout ArraySlice<UInt8>) -> UInt64? {
        var result: UInt64 = 0
        for place in 0..<10 {
            guard let byte = rest.popFirst() else { return nil }
            result |= UInt64(byte & 0x7F) << UInt64(7 * place)
            if byte < 0x80 { return result }
        }
        return nil
    }

    private static func fixed(_ rest: inout ArraySlice<UInt8>, _ count: Int) -> UInt64? {
        take(&rest, UInt64(count)).map { $0.reversed().reduce(0) { $0 << 8 | UInt64($1) } }
    }

    private static func take(_ rest: inout ArraySlice<UInt8>, _ count: UInt64) -> ArraySlice<UInt8>? {
        guard count <= rest.count else { return nil }
        defer { rest = rest.dropFirst(Int(count)) }
        return rest.prefix(Int(count))
    }
}
