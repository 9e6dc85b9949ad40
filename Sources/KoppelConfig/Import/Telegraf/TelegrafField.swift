internal import KoppelCore

/// One register of a Telegraf configuration.
struct TelegrafField {
    let field: ForeignNode
    let section: String
    /// Where the characters of texts stand in their registers, if not in both bytes: `lower` or `upper`.
    let strings: String?

    var subject: String { "\(section).\(field["name"]?.text ?? "unnamed")" }
    private var position: SourcePosition { field.position }

    /// A field of the register style: `address` lists every register.
    func addRegister(to device: inout ImportedDevice, table: RegisterTable) {
        noteUnknown(["name", "measurement", "byte_order", "data_type", "scale", "address", "bit"], in: &device)
        let addresses = field["address"]?.items.compactMap(\.whole) ?? []
        guard let first = addresses.first, addresses.enumerated().allSatisfy({ $0.element == first + $0.offset }) else {
            return device.leaveOut(subject, at: position, because: "`address` is no list of registers in a row")
        }
        let order = (field["byte_order"]?.text).map { ["AB": "ABCD", "BA": "DCBA"][$0] ?? $0 } ?? "ABCD"
        let short = ["ABCDEFGH": "ABCD", "HGFEDCBA": "DCBA", "BADCFEHG": "BADC", "GHEFCDAB": "CDAB"][order] ?? order
        let type = field["data_type"]?.text ?? (table.isBits ? "BOOL" : "")
        guard type != "FLOAT32" else {
            return device.leaveOut(
                subject, at: position, because: "FLOAT32 meant a fixed-point number in older Telegraf",
                hint: "Write FLOAT32-IEEE, or UFIXED, in its place.")
        }
        add(
            to: &device, table, first, type: type, words: addresses.count, order: short,
            measurement: field["measurement"]?.text)
    }

    /// A field of the request or metric style: `address` is the first register.
    func addRequested(to device: inout ImportedDevice, table: RegisterTable, order: String, measurement: String?) {
        noteUnknown(
            ["name", "measurement", "register", "address", "type", "length", "bit", "scale", "output", "omit"],
            in: &device)
        if let output = field["output"], !table.isBits, let text = output.text {
            device.note(
                subject, at: output.position, "output \(text) is not carried over: type and scale make the value")
        }
        guard field["omit"]?.flag != true else {
            return device.leaveOut(subject, at: position, because: "the configuration itself omits it")
        }
        guard let address = field["address"]?.whole else {
            return device.leaveOut(subject, at: position, because: "it has no address")
        }
        let type = table.isBits ? "BOOL" : field["type"]?.text ?? ""
        let words = field["length"]?.whole
        add(to: &device, table, address, type: type, words: words, order: order, measurement: measurement)
    }

    private func add(
        to device: inout ImportedDevice, _ table: RegisterTable, _ address: Int, type: String, words: Int?,
        order letters: String, measurement: String?
    ) {
        guard let name = field["name"]?.text else {
            return device.leaveOut(subject, at: position, because: "it has no name")
        }
        let orders = [
            "ABCD": ByteOrder.specification, "CDAB": ByteOrder(words: true, doubleWords: true),
            "BADC": ByteOrder(bytes: true), "DCBA": ByteOrder(bytes: true, words: true, doubleWords: true),
            "MSW-BE": ByteOrder.specification, "LSW-BE": ByteOrder(words: true, doubleWords: true),
            "MSW-LE": ByteOrder(bytes: true), "LSW-LE": ByteOrder(bytes: true, words: true, doubleWords: true),
        ]
        guard let order = orders[letters] else {
            return device.leaveOut(subject, at: position, because: "`\(letters)` is no byte order")
        }
        let wire: WireType
        switch self.wire(type, table: table, words: words, order: order) {
        case .success(let found): wire = found
        case .failure(let refusal):
            return device.leaveOut(subject, at: position, because: refusal.reason, hint: refusal.hint)
        }
        if type.hasPrefix("INT8") || type.hasPrefix("UINT8") {
            // The half is chosen already, so no bytes change places any more.
            if letters == "BADC" || letters == "CDAB" {
                return device.leaveOut(
                    subject, at: position, because: "Telegraf knows no byte of a register in order \(letters)")
            }
        }
        let isByte = type.contains("INT8")
        device.add(
            FoundRegister(
                subject: subject, position: position, name: name, table: table, address: address, wire: wire,
                order: isByte ? .specification : order, scale: scale,
                group: measurement.flatMap { $0 == "modbus" ? nil : $0 }))
    }

    private var scale: Double {
        guard let scale = field["scale"]?.number, scale != 0 else { return 1 }
        return scale
    }

    private struct Refusal: Error {
        var reason: String
        var hint: String?
    }

    private func wire(_ type: String, table: RegisterTable, words: Int?, order: ByteOrder) -> Result<WireType, Refusal>
    {
        if table.isBits { return .success(.bool) }
        switch type {
        case "INT16": return .success(.int16)
        case "UINT16": return .success(.uint16)
        case "INT32": return .success(.int32)
        case "UINT32": return .success(.uint32)
        case "INT64": return .success(.int64)
        case "UINT64": return .success(.uint64)
        case "FLOAT32", "FLOAT32-IEEE": return .success(.float32)
        case "FLOAT64", "FLOAT64-IEEE": return .success(.float64)
        case "INT8L": return .success(.int8(order.bytes ? .high : .low))
        case "INT8H": return .success(.int8(order.bytes ? .low : .high))
        case "UINT8L": return .success(.uint8(order.bytes ? .high : .low))
        case "UINT8H": return .success(.uint8(order.bytes ? .low : .high))
        case "FIXED", "UFIXED":
            let signed: [Int: WireType] = [1: .int16, 2: .int32, 4: .int64]
            let unsigned: [Int: WireType] = [1: .uint16, 2: .uint32, 4: .uint64]
            if let wire = (type == "FIXED" ? signed : unsigned)[words ?? 0] { return .success(wire) }
            return .failure(Refusal(reason: "\(type) over \(words ?? 0) registers"))
        case "BIT":
            let bit = field["bit"]?.whole ?? 0
            guard (0...15).contains(bit) else {
                return .failure(Refusal(reason: "a bit of a register is 0 to 15"))
            }
            return .success(.bit(bit))
        case "STRING":
            guard let words, (1...125).contains(words) else {
                return .failure(Refusal(reason: "a text takes 1 to 125 registers"))
            }
            switch strings ?? "both" {
            case "", "both": return .success(.string(order.bytes ? .lowByteFirst : .highByteFirst, registers: words))
            case "lower" where !order.bytes, "upper" where order.bytes:
                return .success(.string(.onePerRegister, registers: words))
            default: return .failure(Refusal(reason: "a text in the high bytes of registers is not known to Koppel"))
            }
        case "FLOAT16", "FLOAT16-IEEE": return .failure(Refusal(reason: "a float of 16 bits is not known to Koppel"))
        case "": return .failure(Refusal(reason: "it has no type"))
        default: return .failure(Refusal(reason: "`\(type)` is no type that is known here"))
        }
    }

    /// Keys that say nothing to a profile and are no known ones.
    private func noteUnknown(_ known: [String], in device: inout ImportedDevice) {
        for key in field.keys where !known.contains(key.name) {
            device.note("\(subject).\(key.name)", at: key.position, "not carried over: it is not known here")
        }
    }
}
