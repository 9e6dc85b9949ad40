internal import KoppelCore

/// The type a cell names, in the words of manuals, of programming languages and of controllers.
struct SheetType: Hashable {
    var wire: WireType
    /// Letters that stand in the cell too, as in `float32 CDAB`.
    var order: ByteOrder?

    static let orders: [String: ByteOrder] = [
        "ABCD": .specification, "CDAB": ByteOrder(words: true, doubleWords: true), "BADC": ByteOrder(bytes: true),
        "DCBA": ByteOrder(bytes: true, words: true, doubleWords: true),
    ]

    /// `count` is the number of registers, where another cell or a span of addresses says.
    static func read(_ text: String, count: Int?) -> Result<SheetType, SyntaxFault> {
        var words = text.uppercased().split { !($0.isLetter || $0.isNumber) }.map(String.init)
        var order: ByteOrder?
        if words.count > 1, let last = words.last, let letters = orders[last] {
            order = letters
            words.removeLast()
        }
        let plain = words.joined().lowercased()
        if plain.isEmpty {
            return refuse("it has no type", hint: "If all that have none are of one type: --type uint16.")
        }
        if plain.hasPrefix("bit"), let bit = Int(plain.dropFirst(3)), (0...15).contains(bit) {
            return .success(SheetType(wire: .bit(bit), order: order))
        }
        if texts.contains(plain) {
            guard let count, (1...125).contains(count) else {
                return refuse("a text needs its number of registers, 1 to 125, in a column")
            }
            return .success(SheetType(wire: .string(.highByteFirst, registers: count)))
        }
        if let wire = fixed.first(where: { $0.1.contains(plain) })?.0 {
            if let count, count != wire.registers {
                return refuse("`\(text)` does not lie in \(count) \(count == 1 ? "register" : "registers")")
            }
            return .success(SheetType(wire: wire, order: order))
        }
        guard let wires = open[plain] else {
            // `uint16be`, `float le`: the order as an ending.
            if let ending = endings[String(plain.suffix(2))], order == nil {
                let stem = read(String(plain.dropLast(2)), count: count)
                if case .success(let type) = stem { return .success(SheetType(wire: type.wire, order: ending)) }
            }
            return refuse("`\(text)` is no type that is known here")
        }
        guard let wire = wires[count ?? 0] else {
            guard count == nil else {
                return refuse("`\(text)` over \(count ?? 0) registers is not known here")
            }
            return refuse(
                "`\(text)` does not say how wide it is",
                hint: "Write int16, uint32 or float32 in its place, or add a column with the number of registers.")
        }
        return .success(SheetType(wire: wire, order: order))
    }

    private static func refuse(_ sentence: String, hint: String? = nil) -> Result<SheetType, SyntaxFault> {
        .failure(SyntaxFault(position: .start, sentence: sentence, hint: hint))
    }

    /// Big endian, little endian, and words swapped. `sb` means two different orders in two programs.
    private static let endings: [String: ByteOrder] = [
        "be": .specification, "le": ByteOrder(bytes: true, words: true, doubleWords: true),
        "sw": ByteOrder(words: true, doubleWords: true),
    ]

    private static let texts: Set<String> = ["string", "ascii", "char", "chars", "text", "utf8", "str", "asciistring"]

    private static let fixed: [(WireType, Set<String>)] = [
        (.bool, ["bool", "boolean", "bit"]),
        (
            .int16,
            [
                "int16", "s16", "i16", "sint16", "signed16", "short", "signedint16", "int16signed", "signed16bit",
                "16bitsigned", "signedword", "sword", "int16t",
            ]
        ),
        (
            .uint16,
            [
                "uint16", "u16", "unsigned16", "ushort", "word", "uword", "unsignedint16", "unsignedword", "uint16t",
                "16bitunsigned", "unsigned16bit", "enum16", "bitfield16", "unsignedshort",
            ]
        ),
        (
            .int32,
            [
                "int32", "s32", "i32", "sint32", "signed32", "dint", "sdword", "signedint32", "int32t", "32bitsigned",
                "signed32bit",
            ]
        ),
        (
            .uint32,
            [
                "uint32", "u32", "unsigned32", "udint", "dword", "udword", "unsignedint32", "uint32t", "32bitunsigned",
                "unsigned32bit", "bitfield32", "acc32", "unsignedlong32",
            ]
        ),
        (.int64, ["int64", "s64", "i64", "lint", "signed64", "signedint64", "int64t"]),
        (.uint64, ["uint64", "u64", "ulint", "lword", "unsigned64", "unsignedint64", "uint64t", "acc64"]),
        (
            .float32,
            [
                "float32", "f32", "real", "single", "float32bit", "32bitfloat", "ieee754float32", "fp32", "real32",
                "floatieee754", "ieee754", "ieeefloat",
            ]
        ),
        (.float64, ["float64", "f64", "lreal", "double", "fp64", "real64", "64bitfloat"]),
        (.bcd(registers: 1), ["bcd16"]), (.bcd(registers: 2), ["bcd32"]), (.bcd(registers: 4), ["bcd64"]),
        (.uint8(.low), ["uint8low", "uint8l"]), (.uint8(.high), ["uint8high", "uint8h"]),
        (.int8(.low), ["int8low", "int8l"]), (.int8(.high), ["int8high", "int8h"]),
    ]

    /// Names that say how wide they are only together with a number of registers.
    private static let open: [String: [Int: WireType]] = {
        let signed: [Int: WireType] = [1: .int16, 2: .int32, 4: .int64]
        let unsigned: [Int: WireType] = [1: .uint16, 2: .uint32, 4: .uint64]
        let float: [Int: WireType] = [2: .float32, 4: .float64]
        let bcd: [Int: WireType] = [1: .bcd(registers: 1), 2: .bcd(registers: 2), 4: .bcd(registers: 4)]
        return [
            "int": signed, "signed": signed, "integer": signed, "sint": signed, "signedint": signed, "long": signed,
            "signedinteger": signed, "uint": unsigned, "unsigned": unsigned, "unsignedint": unsigned,
            "unsignedinteger": unsigned, "ulong": unsigned, "unsignedlong": unsigned, "enum": unsigned,
            "bitfield": unsigned, "hex": unsigned, "float": float, "floatingpoint": float, "bcd": bcd,
        ]
    }()
}
