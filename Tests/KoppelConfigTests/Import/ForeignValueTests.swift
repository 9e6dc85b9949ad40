import KoppelCore
import Testing

@testable import KoppelConfig

struct ForeignValueTests {
    @Test(arguments: [
        ("V", "V", 1.0), ("kWh", "kW.h", 1), ("KWH", "kW.h", 1), ("m³/h", "m3/h", 1), ("°C", "Cel", 1),
        ("var", "V.A{reactive}", 1),
        ("MW", "kW", 1_000), ("mW", "W", 0.001), ("mA", "mA", 1), ("hPa", "mbar", 1), ("l/s", "L/min", 60),
        ("Stück", "{#}", 1), ("kΩ", "Ohm", 1_000), ("rpm", "/min", 1), ("l/min", "L/min", 1), ("N·m", "N.m", 1),
        ("% RH", "%", 1), ("W", "W", 1), ("kvarh", "kV.A.h{reactive}", 1), ("µA", "uA", 1),
        ("kVAh", "kV.A.h", 1), ("VAh", "V.A.h", 1), ("varh", "V.A.h{reactive}", 1), ("Wh/m³", "W.h/m3", 1),
        ("kWh/m³", "W.h/m3", 1_000), ("MVAh", "kV.A.h", 1_000),
    ])
    func `a unit as people write it is a row of the unit table`(_ text: String, _ ucum: String, _ factor: Double) {
        let unit = ForeignUnit(text)
        #expect(unit?.unit.ucum == ucum)
        #expect(unit?.factor == factor)
    }

    @Test(arguments: ["quark", "Mw", "psi", "mg", "€", "MHz", "nm", "F", "Nm³", "MV", "MA"])
    func `what is not in the table, or can be two units, is none`(_ text: String) {
        #expect(ForeignUnit(text) == nil)
    }

    @Test func `a unit that does not tell what is measured has no quantity kind`() {
        #expect(ForeignUnit("/min")?.quantityKind == nil)
        #expect(ForeignUnit("rpm")?.quantityKind == "RotationalVelocity")
        #expect(ForeignUnit("W")?.quantityKind == "Power")
        #expect(ForeignUnit("V")?.quantityKind == "Voltage")
    }

    @Test func `names become names of signals, each once`() {
        var naming = SignalNaming()
        #expect(naming.name(for: "Spannung L1-N", group: "electrical").description == "electrical/spannung-l1-n")
        #expect(naming.name(for: "activePower", group: "electrical").description == "electrical/active-power")
        #expect(naming.name(for: "Füllstand Öl", group: "x").description == "x/fullstand-ol")
        #expect(naming.name(for: "electrical/voltage", group: "x").description == "electrical/voltage")
        #expect(naming.name(for: "Voltage", group: "electrical").description == "electrical/voltage-2")
        #expect(naming.name(for: "温度", group: "heat").description == "heat/value")
        let long = String(repeating: "abcdefgh ", count: 9)
        #expect(naming.name(for: long, group: "x").description == "x/abcdefgh-abcdefgh-abcdefgh-abcde")
        #expect(naming.name(for: long, group: "x").description == "x/abcdefgh-abcdefgh-abcdefgh-abc-2")
    }

    @Test(arguments: [
        ("0,1", 0.1), ("0.1", 0.1), ("x10", 10), ("× 0,01", 0.01), ("/10", 0.1), ("1/1000", 0.001), ("10^-2", 0.01),
        ("1 000", 1_000), ("-2,5", -2.5), ("0,001", 0.001),
    ])
    func `a factor is read as people write it`(_ text: String, _ factor: Double) {
        #expect(SheetNumber.factor(text) == factor)
    }

    @Test(arguments: ["1,000", "12,500", "1.000,5", "a", "/0", "", "10^99"])
    func `a factor that can be two numbers, or none, is refused`(_ text: String) {
        #expect(SheetNumber.factor(text) == nil)
    }

    @Test(
        arguments: [
            ("40014.3", 40_014, 3, nil), ("40020 t/m 40027", 40_020, nil, 8), ("0x10 tot 0x11", 16, nil, 2),
            ("40001–40002", 40_001, nil, 2), ("40001..40002", 40_001, nil, 2),
        ] as [(String, Int, Int?, Int?)])
    func `an address may be a span, or a bit of a register`(_ text: String, _ first: Int, _ bit: Int?, _ count: Int?) {
        let address = SheetAddress(text, isHex: false)
        #expect(address?.number == first)
        #expect(address?.bit == bit)
        #expect(address?.count == count)
    }

    @Test(arguments: ["40014.16", "40014.3-40014.5", "1.2.3", "40014.", ".3"])
    func `what is neither is no address`(_ text: String) {
        #expect(SheetAddress(text, isHex: false) == nil)
    }

    @Test func `a person who is asked for an address names no bit with it`() {
        #expect(ManualPlace("40014", .modicon, usual: nil)?.address == 13)
        #expect(ManualPlace("40014.3", .modicon, usual: nil) == nil)
        #expect(ManualPlace("coil 5", .oneBased, usual: .holdingRegister)?.table == .coil)
        #expect(ManualPlace("coil 5", .oneBased, usual: .holdingRegister)?.address == 4)
        #expect(ManualPlace("input 4x5", .zeroBased, usual: .holdingRegister) == nil, "two tables")
        #expect(ManualPlace("coil 5", .modicon, usual: nil) == nil, "the number names its table")
    }

    @Test func `P39: an address is read in each notation`() {
        #expect(SheetAddress("30001", isHex: false)?.place(.modicon)?.address == 0)
        #expect(SheetAddress("30001", isHex: false)?.place(.modicon)?.table == .inputRegister)
        #expect(SheetAddress("465536", isHex: false)?.place(.modicon)?.address == 65_535)
        #expect(SheetAddress("40000", isHex: false)?.place(.modicon) == nil)
        #expect(SheetAddress("4x0010", isHex: false)?.place(.modicon)?.address == 9)
        #expect(SheetAddress("0x0010", isHex: false)?.place(.zeroBased)?.address == 16)
        #expect(SheetAddress("1Ah", isHex: false)?.number == 26)
        #expect(SheetAddress("1A", isHex: true)?.number == 26)
        #expect(SheetAddress("1A", isHex: false) == nil)
        #expect(SheetAddress("0", isHex: false)?.place(.oneBased) == nil)
        #expect(SheetAddress("40001 – 40002", isHex: false)?.count == 2)
        #expect(SheetAddress("40002-40001", isHex: false) == nil)
    }

    @Test func `a bare digit names a table only as a function code`() {
        #expect(RegisterTable(sheetTable: "3") == nil)
        #expect(RegisterTable(sheetTable: "4x") == .holdingRegister)
        #expect(RegisterTable(sheetFunction: "0x03 / 0x10") == .holdingRegister)
        #expect(RegisterTable(sheetFunction: "FC04") == .inputRegister)
        #expect(RegisterTable(sheetFunction: "16") == nil)
    }

    @Test(
        arguments: [
            ("UINT16", nil, "uint16"), ("Unsigned 32-bit", nil, "uint32"), ("DINT", nil, "int32"), ("int", 2, "int32"),
            ("int", nil, nil), ("float32", 4, nil), ("REAL CDAB", nil, "float32"),
            ("string", 4, "string(KoppelCore.WireType.StringLayout.highByteFirst, registers: 4)"),
            ("string", nil, nil), ("bit 7", nil, "bit(7)"), ("banana", 1, nil), ("", 1, nil), ("Float", 2, "float32"),
        ] as [(String, Int?, String?)])
    func `a type is known by many names, and refused where it says too little`(
        _ text: String, _ count: Int?, _ wire: String?
    ) {
        let type = try? SheetType.read(text, count: count).get()
        #expect(type.map { "\($0.wire)" } == wire)
    }

    @Test(arguments: [("uint16be", nil, nil), ("INT32 LE", nil, "DCBA"), ("floatsw", 2, "CDAB"), ("double", nil, nil)])
    func `an ending of a type names the order`(_ text: String, _ count: Int?, _ letters: String?) throws {
        let type = try SheetType.read(text, count: count).get()
        let order = type.order?.fitting(type.wire) ?? .specification
        #expect(order == letters.flatMap { SheetType.orders[$0]?.fitting(type.wire) } ?? .specification)
    }

    @Test(arguments: [("0.1V", 0.1, "V"), ("0,01 kWh", 0.01, "kWh"), ("x 10 W", 10, "W"), ("0.01", 0.01, "")])
    func `a number before a unit is its step`(_ text: String, _ step: Double, _ unit: String) throws {
        let numbered = try #require(NumberedUnit(text))
        #expect(numbered.step == step && numbered.unit == unit)
    }

    @Test(arguments: ["V", "10^3 m3", "1,000 W", "m3/h", "1e3 W"])
    func `what is no plain number before a unit is none`(_ text: String) {
        #expect(NumberedUnit(text) == nil)
    }

    @Test func `apparent or reactive energy, as some write it, is neither`() {
        #expect(ForeignUnit("kVAhr") == nil && ForeignUnit("VAhr") == nil)
    }

    @Test func `a sheet that is no text is refused with what to do`() {
        func sentence(_ bytes: [UInt8]) -> String? {
            guard case .failure(let issue) = RegisterSheet.read(bytes, file: "x.csv") else { return nil }
            return issue.sentence
        }
        #expect(sentence([0x50, 0x4B, 0x03, 0x04, 0x14]) == "this is a workbook, not a text")
        #expect(sentence([0xFF, 0xFE, 0x41, 0x00]) == "the file is UTF-16 text")
        #expect(sentence([0x61, 0x81, 0x3B]) == "the file is neither UTF-8 nor Latin-1 text")
        #expect(sentence([0x61, 0x00]) == "the file holds zero bytes, so it is no text")
        #expect(sentence([]) == "the sheet is empty")
        #expect(sentence(Array("a,\"b\n".utf8)) == "a cell starts with a double quote here and does not end")
    }
}
