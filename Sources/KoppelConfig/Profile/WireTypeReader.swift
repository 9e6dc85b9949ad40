internal import KoppelCore

/// Reads the wire type of a point and the keys that go with it.
struct WireTypeReader {
    static let names = [
        "bool", "bit", "bits", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32",
        "float64", "bcd16", "bcd32", "bcd64", "string",
    ]
    static let layouts = ["high-byte-first", "low-byte-first", "one-per-register"]

    let section: Section

    /// `nil` after an issue.
    func read() -> WireType? {
        guard let field = section.required("wireType"), let name = field.string() else { return nil }
        guard Self.names.contains(name) else {
            field.error("`\(name)` is no wire type", hint: suggestion(for: name, in: Self.names))
            return nil
        }
        let fitting = Self.fittingKeys(name)
        for key in WireShape.keys.map(\.name) where !fitting.contains(key) {
            section[key]?.keyError("`\(key)` does not go with wireType \(name)")
        }
        switch name {
        case "bool": return .bool
        case "bit":
            let hint = "0 is the least significant bit, 15 the most significant."
            return section.required("bit", hint: hint)?.int(in: 0...15).map { .bit($0) }
        case "bits": return bits()
        case "int8": return half().map { .int8($0) }
        case "uint8": return half().map { .uint8($0) }
        case "int16": return .int16
        case "uint16": return .uint16
        case "int32": return .int32
        case "uint32": return .uint32
        case "int64": return .int64
        case "uint64": return .uint64
        case "float32": return .float32
        case "float64": return .float64
        case "bcd16": return .bcd(registers: 1)
        case "bcd32": return .bcd(registers: 2)
        case "bcd64": return .bcd(registers: 4)
        default: return text()
        }
    }

    /// Which of the keys that belong to some wire types only go with this one.
    static func fittingKeys(_ name: String) -> [String] {
        switch name {
        case "bit": ["bit"]
        case "bits": ["bits"]
        case "int8", "uint8": ["half"]
        case "string": ["length", "layout"]
        default: []
        }
    }

    private func bits() -> WireType? {
        guard let field = section.required("bits", hint: "For example bits: {lsb: 0, width: 4}."),
            let parts = field.section(WireShape.span)
        else { return nil }
        let lsb = parts.required("lsb")?.int(in: 0...15)
        let width = parts.required("width")?.int(in: 1...16)
        guard let lsb, let width else { return nil }
        guard lsb + width <= 16 else {
            field.error("\(width) bits from bit \(lsb) run past bit 15 of the register")
            return nil
        }
        return .bits(lsb: lsb, width: width)
    }

    private func half() -> WireType.RegisterHalf? {
        guard let field = section["half"] else { return .low }
        switch field.string() {
        case "high": return .high
        case "low": return .low
        case nil: return nil
        case let other?:
            field.error("`\(other)` is no half of a register", hint: "Write high or low.")
            return nil
        }
    }

    private func text() -> WireType? {
        let length = section.required("length", hint: "In registers, 1 to 125.")?.int(in: 1...125)
        var layout = WireType.StringLayout.highByteFirst
        if let field = section["layout"], let name = field.string() {
            switch name {
            case "high-byte-first": layout = .highByteFirst
            case "low-byte-first": layout = .lowByteFirst
            case "one-per-register": layout = .onePerRegister
            default:
                field.error("`\(name)` is no layout of a text", hint: suggestion(for: name, in: Self.layouts))
            }
        }
        return length.map { .string(layout, registers: $0) }
    }
}

/// Reads byte and word order: letters such as CDAB, or the two switches of the data model.
struct ByteOrderReader {
    let section: Section
    let defaults: ByteOrder.Switches

    func read(for wire: WireType) -> ByteOrder {
        guard let field = section["order"] else {
            let switches = ByteOrder.Switches(section, or: defaults)
            return ByteOrder(mostSignificantByte: switches.byte, mostSignificantWord: switches.word)
        }
        for key in WireShape.switches.names {
            section[key]?.keyError("`\(key)` and `order` say the same thing twice", hint: "Keep one of the two.")
        }
        guard let letters = field.string() else { return .specification }
        let known = Self.orders(registers: wire.registers)
        if case .string = wire {
            field.keyError("`order` does not go with wireType string", hint: "Use `layout`.")
        } else if let order = known.first(where: { $0.letters == letters })?.order {
            return order
        } else {
            field.error(
                "`\(letters)` is no order of \(wire.registers * 2) bytes",
                hint: "Known here: \(known.map(\.letters).joined(separator: ", ")). "
                    + "\(known.first?.letters ?? "AB") is most significant byte first.")
        }
        return .specification
    }

    /// Each order a value of this width can have, by its letters.
    static func orders(registers: Int) -> [(letters: String, order: ByteOrder)] {
        var result: [(String, ByteOrder)] = []
        for doubleWords in registers == 4 ? [false, true] : [false] {
            for words in registers >= 2 ? [false, true] : [false] {
                for bytes in [false, true] {
                    let order = ByteOrder(bytes: bytes, words: words, doubleWords: doubleWords)
                    result.append((letters(order, registers: registers), order))
                }
            }
        }
        return result
    }

    private static func letters(_ order: ByteOrder, registers: Int) -> String {
        var words = ["AB", "CD", "EF", "GH"].prefix(registers).map { order.bytes ? String($0.reversed()) : $0 }
        if order.words { words = stride(from: 0, to: words.count - 1, by: 2).flatMap { [words[$0 + 1], words[$0]] } }
        if order.doubleWords { words = Array(words[2...] + words[..<2]) }
        return words.joined()
    }
}

extension ByteOrder {
    /// The two switches of the data model's profile schema.
    struct Switches {
        var byte = true
        var word = true

        init() {}

        init(_ section: Section, or defaults: Switches) {
            byte = section["mostSignificantByte"]?.bool() ?? defaults.byte
            word = section["mostSignificantWord"]?.bool() ?? defaults.word
        }
    }
}
