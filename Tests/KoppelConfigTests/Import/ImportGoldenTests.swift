import Foundation
import KoppelConfig
import KoppelCore
import Testing

/// Each file of `Fixtures/Import` with `NAME.expected` beside it: every device, its profile, and the list of what does
/// not come over. With UPDATE_GOLDEN=1 in the environment they are written anew, to be read by a person.
struct ImportGoldenTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../Fixtures/Import").standardizedFileURL.path

    private static func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)")))
    }

    private func expect(_ text: String, is name: String) throws {
        let path = "\(Self.folder)/\(name).expected"
        if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
            try text.write(toFile: path, atomically: true, encoding: .utf8)
        }
        #expect(text == (try String(contentsOfFile: path, encoding: .utf8)), "\(name) differs")
    }

    private func described(_ device: ImportedDevice) throws -> String {
        let settled = SettledImport(device, nameplate: .init(manufacturer: "Acme"))
        guard let file = settled.file else {
            return "== \(device.name): nothing\n\(settled.issues.map(\.description).joined(separator: "\n"))"
        }
        let load = loadProfile(at: "p.yaml", files: MemoryFiles(contents: ["p.yaml": file.text]))
        #expect(load.issues.isEmpty, "a profile that is imported has no issues: \(load.issues)")
        #expect(load.profile?.points == file.profile.points, "what is written is read back")
        return """
            == \(device.name), \(device.bus ?? "no bus"), unit \(device.unit.map { "\($0)" } ?? "unknown")
            \(settled.carriedOver) carried over, \(settled.leftOut) left out
            \(settled.issues.map(\.description).joined(separator: "\n"))
            \(file.text)
            """
    }

    @Test(arguments: [
        "telegraf-register.conf", "telegraf-request.toml", "telegraf-mixed.conf", "home-assistant.yaml",
        "home-assistant-house.yaml", "home-assistant-old.yaml", "thing-other.json", "thing-drafts.json",
        "thing-oldest.json",
    ])
    func `a configuration of another program becomes these profiles`(_ name: String) throws {
        let format = try #require(ImportFormat(path: name))
        let result = importDevices(try Self.bytes(name), file: name, format: format)
        #expect(!result.hasErrors)
        let told = result.issues.map(\.description)
        try expect((told + result.devices.map(described)).joined(separator: "\n"), is: name)
    }

    struct Sheet: Sendable, CustomTestStringConvertible {
        var name: String
        var columns: [SheetColumn: Int]?
        var addressing: SheetAddressing
        var order: ByteOrder?
        var table: RegisterTable?
        var testDescription: String { name }
    }

    @Test(arguments: [
        Sheet(name: "meter-semicolon.csv", addressing: .modicon, order: .specification),
        Sheet(name: "compressor-excel.csv", addressing: .modicon, order: .specification),
        Sheet(name: "pump-latin1.csv", addressing: .zeroBased, order: ByteOrder(bytes: true)),
        Sheet(
            name: "no-headings.csv", columns: [.address: 1, .name: 2, .type: 3, .unit: 4], addressing: .oneBased,
            table: .inputRegister),
        Sheet(name: "ups-excel.csv", addressing: .zeroBased, order: .specification, table: .holdingRegister),
        Sheet(name: "names-first.csv", addressing: .modicon),
    ])
    func `a spreadsheet becomes this profile`(_ given: Sheet) throws {
        let sheet = try RegisterSheet.read(try Self.bytes(given.name), file: given.name).get()
        var answers = SheetAnswers(columns: given.columns ?? sheet.proposedColumns)
        (answers.addressing, answers.order, answers.table) = (given.addressing, given.order, given.table)
        let findings = sheet.findings(answers.columns)
        let open =
            "addressing \(findings.addressing?.rawValue ?? "open"), table \(findings.needsTable ? "open" : "known"), "
            + "order \(findings.needsOrder ? "open" : "known")"
        let text = try described(sheet.device(answers))
        try expect((findings.lines + [open, text]).joined(separator: "\n"), is: given.name)
    }

    @Test func `a number whose file has no unit gets the one that a person knows`() throws {
        let bytes = try Self.bytes("telegraf-mixed.conf")
        var device = try #require(
            importDevices(bytes, file: "t.conf", format: .telegraf).device("meter-hal-1"))
        let unknown = device.give([
            "voltage": "V", "energy": "kWh", "tank_level": "l/s", "pump/speed": "quark", "serial": "V", "nobody": "A",
        ])
        #expect(unknown == ["nobody", "serial"], "a text has no unit, and nobody is nothing")
        let settled = SettledImport(device, nameplate: .init())
        let points = try #require(settled.file).profile.points
        func point(_ name: String) throws -> Point { try #require(points.first { $0.signal.description == name }) }
        let voltage = try point("electrical/voltage")
        #expect(voltage.kind == .measurement && voltage.unit?.ucum == "V")
        #expect(voltage.scaling == Scaling(scale: 0.1, offset: 0))
        #expect(try point("electrical/energy").quantityKind == "http://qudt.org/vocab/quantitykind/Energy")
        #expect(try point("measured/tank-level").scaling == Scaling(scale: 60, offset: 0))
        #expect(try point("pump/speed").kind == .event)
        let told = settled.issues.map(\.description).joined(separator: "\n")
        #expect(!told.contains("voltage: without"))
        #expect(told.contains("`quark` is not in the unit table"))
        #expect(told.contains("`l/s` is not in the unit table: scaled into L/min"))
    }

    @Test func `a number before the unit that a person gives is what one count is worth`() throws {
        let sheet = try RegisterSheet.read(try Self.bytes("ups-excel.csv"), file: "ups.csv").get()
        var answers = SheetAnswers(columns: sheet.proposedColumns)
        (answers.addressing, answers.order, answers.table) = (.zeroBased, .specification, .holdingRegister)
        var device = sheet.device(answers)
        #expect(device.give(["Battery energy": "0.01 kWh", "Bypass current": "0,1 A"]).isEmpty)
        let points = try #require(SettledImport(device, nameplate: .init()).file).profile.points
        let energy = try #require(points.first { $0.label["en"] == "Battery energy" })
        #expect(energy.scaling == Scaling(scale: 0.01, offset: 0) && energy.unit?.ucum == "kW.h")
        let current = try #require(points.first { $0.label["en"] == "Bypass current" })
        #expect(current.scaling == Scaling(scale: 0.001, offset: 0), "the sheet has a scale of its own, too")
    }

    @Test func `a sheet without types takes the one that a person says`() throws {
        let text = "Address;Description;Unit\n0x0424;Battery voltage;0.1 V\n0x0426;Temperature;Degrees Celsius\n"
        let sheet = try RegisterSheet.read(Array(text.utf8), file: "ups.csv").get()
        var answers = SheetAnswers(columns: sheet.proposedColumns)
        #expect(sheet.findings(answers.columns).needsType)
        (answers.addressing, answers.table) = (.zeroBased, .inputRegister)
        #expect(sheet.device(answers).points.isEmpty, "nothing is guessed")
        answers.type = .uint16
        let points = sheet.device(answers).points.map(\.point)
        #expect(points.map(\.wire) == [.uint16, .uint16])
        #expect(points.first?.scaling == Scaling(scale: 0.1, offset: 0))
        #expect(points.last?.unit?.ucum == "Cel")
    }

    @Test func `a float at the address of a bit is left out, not made a bit`() throws {
        let text = "Register,Name,Type\n10001,Door,bool\n10002,Flow,float32\n30001,Level,uint16\n"
        let sheet = try RegisterSheet.read(Array(text.utf8), file: "plc.csv").get()
        var answers = SheetAnswers(columns: sheet.proposedColumns)
        answers.addressing = .modicon
        let device = sheet.device(answers)
        #expect(device.points.map(\.point.table) == [.discreteInput, .inputRegister])
        #expect(device.issues.map(\.line) == [3, 4] && device.leftOut == 1, "the float, and a level without a unit")
    }

    @Test func `an alias of a value that is not in the file is told at its line`() {
        let text = "modbus:\n  - name: a\n    host: h\n    sensors:\n      - name: b\n        scan_interval: *slow\n"
        let result = importDevices(Array(text.utf8), file: "a.yaml", format: .homeAssistant)
        #expect(result.issues.map(\.line) == [6])
        #expect(result.issues.first?.sentence == "`*slow` stands for a value that is not in this file")
    }

    @Test func `lines of Windows and comments change nothing of an alias`() throws {
        let lines = [
            "# all of it *here", "modbus:", "  - name: a", "    host: h", "    sensors:", "      - name: b",
            "        device_address: &u 7",
            "        address: 1", "      # device_address: *gone", "      - name: c", "        device_address: *u",
            "        address: 2",
        ]
        let result = importDevices(Array(lines.joined(separator: "\r\n").utf8), file: "a.yaml", format: .homeAssistant)
        #expect(result.devices.map(\.unit) == [7])
        #expect(result.devices.first?.points.map(\.position.line) == [6, 10])
    }

    @Test func `X08: anchors of lists and mappings are refused in a configuration of another program too`() {
        let text = "a: &a [x, x]\nb: &b [*a, *a]\nmodbus: [*b, *b]\n"
        let result = importDevices(Array(text.utf8), file: "a.yaml", format: .homeAssistant)
        #expect(result.hasErrors && result.devices.isEmpty)
    }

    @Test func `a hub without a sensor is told, and not offered as a device`() {
        let text = "modbus:\n  - name: a\n    type: tcp\n    host: h\nsensor:\n  - platform: modbus\n"
        let result = importDevices(Array(text.utf8), file: "a.yaml", format: .homeAssistant)
        #expect(result.hasErrors && result.issues.contains { $0.sentence.contains("until 2021") })
    }
}
