import Foundation
import KoppelAgent
import KoppelConfig
import KoppelCore
import Testing

@testable import koppel

@Suite(.timeLimit(.minutes(5)))
struct ProfileImportTests {
    private static let fixtures = Repository.root + "/Tests/KoppelConfigTests/Fixtures/Import"

    private func imported(_ arguments: String...) async throws -> Program.Outcome {
        try await Program.run(["profile", "import"] + arguments)
    }

    @Test func `a file with several devices lists them and lets one be chosen`() async throws {
        let file = Self.fixtures + "/telegraf-request.toml"
        let list = try await imported(file)
        #expect(list.code == 64 && list.output.isEmpty)
        try Golden.expect(list.errors, is: "profile-import-devices")
        let wrong = try await imported(file, "--device", "gateway")
        #expect(wrong.code == 64, "gateway is two devices")
        let one = try await imported(file, "--device", "gateway/2", "--manufacturer", "Acme", "--model", "P 100")
        #expect(one.code == 0)
        #expect(one.output.contains("profile: acme-p-100\n"))
        try Golden.expect(one.errors, is: "profile-import-one")
        let other = try await imported(file, "--device", "other")
        #expect(other.code == 0, "a name that only one device begins with is enough")
    }

    @Test func `a profile that is imported passes the check, which asks for vectors`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/pump.yaml"
        let outcome = try await imported(
            Self.fixtures + "/telegraf-register.conf", "--manufacturer", "Acme", "--output", path)
        #expect(outcome.code == 0 && outcome.output.isEmpty)
        let check = try await Program.run("profile", "check", path)
        #expect(check.code == 0)
        #expect(check.output.contains("there are no vectors beside this profile"))
        #expect(check.output.hasSuffix("0 errors, 1 warning\n"))
        let again = try await imported(Self.fixtures + "/telegraf-register.conf", "--output", path)
        #expect(again.code == 74, "a file that is there is not replaced")
        let forced = try await imported(Self.fixtures + "/telegraf-register.conf", "--output", path, "--force")
        #expect(forced.code == 0)
    }

    @Test func `a sheet without a column of types asks for one`() async throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("Address;Description;Unit\n0x0424;Battery voltage;0.1 V\n", to: "ups.csv")
        let columns = ["--columns", "address=1,name=2,unit=3", "--addressing", "zero-based", "--table", "input"]
        let asked = try await Program.run(["profile", "import", file] + columns)
        #expect(asked.code == 64 && asked.errors.contains("--type uint16|int16|float32"))
        let typed = try await Program.run(["profile", "import", file, "--type", "uint16"] + columns)
        #expect(typed.code == 0 && typed.output.contains("wireType: uint16"))
        let wide = try await Program.run(["profile", "import", file, "--type", "float32"] + columns)
        #expect(wide.code == 64 && wide.errors.contains("--word-order"))
    }

    @Test func `a spreadsheet is shown and not imported before it is confirmed`() async throws {
        let file = Self.fixtures + "/meter-semicolon.csv"
        let shown = try await imported(file)
        #expect(shown.code == 64 && shown.output.isEmpty)
        try Golden.expect(shown.errors, is: "profile-import-unconfirmed")
        let columns = "address=1,name=2,type=3,unit=4,scale=5,access=6,count=7"
        let half = try await imported(file, "--columns", columns, "--addressing", "modicon")
        #expect(half.code == 64)
        #expect(half.errors.contains("confirm what was detected with --word-order ABCD|CDAB|BADC|DCBA"))
        let whole = try await imported(
            file, "--columns", columns, "--addressing", "modicon", "--word-order", "CDAB", "--json")
        #expect(whole.code == 0)
        let document = try #require(
            try JSONSerialization.jsonObject(with: Data(whole.output.utf8)) as? [String: Any])
        #expect(document["carriedOver"] as? Int == 11)
        #expect((document["profile"] as? String)?.contains("order: CDAB") == true)
    }

    @Test func `at a terminal everything that was detected is asked`() throws {
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: Self.fixtures + "/no-headings.csv")))
        let sheet = try RegisterSheet.read(bytes, file: "no-headings.csv").get()
        var asked = ""
        var answers = ["", "address=1,name=2,type=3,unit=4", "one", "one-based", "input"][...]
        var dialogue: Dialogue? = Dialogue(isPatient: true, show: { asked += $0 }) { answers.popFirst() }
        let confirmed = try SheetConfirmation().confirm(sheet, asking: &dialogue) { asked += $0 + "\n" }
        #expect(confirmed.columns == [.address: 1, .name: 2, .type: 3, .unit: 4])
        #expect(confirmed.addressing == .oneBased && confirmed.table == .inputRegister && confirmed.order == nil)
        #expect(answers.isEmpty)
        try Golden.expect(asked, is: "profile-import-asked")
    }

    @Test func `what cannot be carried over at all ends with 1`() async throws {
        let folder = try TemporaryFolder()
        let none = try await imported(
            try folder.write("[[inputs.modbus]]\nname = \"x\"\n", to: "none.toml"))
        #expect(none.code == 1 && none.output.isEmpty)
        let other = try await imported(try folder.write("[[inputs.cpu]]\n", to: "other.toml"))
        #expect(other.code == 1)
        #expect(other.errors.contains("there is no [[inputs.modbus]] in this configuration"))
        let broken = try await imported(try folder.write("[[inputs.modbus]]\nname = x\n", to: "broken.toml"))
        #expect(broken.code == 1)
        #expect(broken.errors.contains("broken.toml:2:8: error: `x` is no value"), "\(broken.errors)")
        let unknown = try await imported(try folder.write("", to: "registers.xlsx"))
        #expect(unknown.code == 64)
        let missing = try await imported(folder.path + "/none.csv")
        #expect(missing.code == 74)
    }

    @Test func `every profile comes back from its Thing Model with the same points`() throws {
        let library = ProfileLibrary(folders: [Repository.devices], files: DiskFiles())
        let entries = library.list()
        #expect(entries.count > 3)
        for entry in entries {
            let profile = try #require(library.load(entry.id).profile)
            let exported = DeviceExport(profile, language: "en").text(.wot)
            let result = importDevices(Array(exported.utf8), file: "td.json", format: .wot)
            let device = try #require(result.devices.first)
            let settled = SettledImport(device, nameplate: .init())
            let back = try #require(settled.file?.profile)
            let told = Set(
                profile.points.filter { point in
                    point.published || profile.points.contains { $0.published && $0.companions.contains(point.signal) }
                }.map(\.signal))
            #expect(Set(back.points.map(\.signal)) == told, "\(entry.id): \(settled.issues)")
            for point in back.points {
                guard let original = profile.points.first(where: { $0.signal == point.signal }) else { continue }
                #expect(Wiring(point, back) == Wiring(original, profile), "\(entry.id) \(point.signal)")
            }
        }
    }

    /// What a Thing Description tells of a point.
    private struct Wiring: Equatable {
        var table: RegisterTable
        var address: UInt16
        var wire: WireType
        var letters: String
        var scaling: Scaling
        var scaleRegister: SignalName?
        var sentinels: [Sentinel]
        var validWhen: [ValidityRule]
        var kind: SignalKind
        var unit: UnitOfMeasure?
        var label: String?
        var limits: Band?
        var enumeration: [Int64: String]
        var counter: CounterRule?
        var interval: Duration
        var published: Bool

        init(_ point: Point, _ profile: DeviceProfile) {
            (table, address, wire, letters) = (point.table, point.address, point.wire, point.orderText)
            (scaling, scaleRegister, sentinels) = (point.scaling, point.scaleRegister, point.sentinels)
            validWhen = point.validWhen
            (kind, unit, label, limits) = (point.kind, point.unit, point.label["en"], point.limits)
            (enumeration, counter, published) = (point.enumeration, point.counter, point.published)
            interval = point.sampling.interval ?? profile.interval
        }
    }

    @Test func `a workbook has to be saved as CSV first`() async throws {
        let outcome = try await imported("registers.XLSX")
        #expect(outcome.code == 64)
        #expect(outcome.errors == "koppel: registers.XLSX is a workbook, not a text: save the sheet as CSV first\n")
    }

    @Test func `a person gives the units that a file lacks, and is told of a name that it does not have`() async throws
    {
        let path = Self.fixtures + "/telegraf-mixed.conf"
        let asked = ["profile", "import", path, "--device", "plc/1", "--measures", "pressure=bar"]
        let given = try await Program.run(asked + ["--measures", "temp=°C"])
        #expect(given.code == 0)
        #expect(given.output.contains("unit: {ucum: bar}") && given.output.contains("unit: {ucum: Cel}"))
        #expect(!given.errors.contains("pressure: without"))
        #expect(given.errors.contains("processors.rename: not carried over"))
        let wrong = try await Program.run(asked + ["--measures", "presure=bar"])
        #expect(wrong.code == 64)
        #expect(wrong.errors.contains("there is no number `presure`. There are: request.pressure, request.temp"))
        let none = try await Program.run(asked + ["--measures", "bar"])
        #expect(none.code == 64)
    }

    @Test func `the worked example of a Thing Description becomes the profile it was made of`() throws {
        let path = Repository.root + "/Tests/KoppelCommandTests/Exports/Worked/td.json"
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        let device = try #require(importDevices(bytes, file: "td.json", format: .wot).devices.first)
        let settled = SettledImport(device, nameplate: .init())
        let profile = try #require(settled.file?.profile)
        #expect(settled.issues.isEmpty && settled.leftOut == 0)
        #expect(profile.manufacturer == "Eastron" && profile.model == "SDM120-Modbus")
        #expect(profile.points.map(\.signal.description) == ["electrical/voltage", "electrical/active-power"])
        #expect(profile.points.map(\.address) == [0, 12])
        #expect(profile.points.allSatisfy { $0.table == .inputRegister && $0.wire == .float32 })
        #expect(profile.points.map { $0.unit?.ucum } == ["V", "W"])
        #expect(profile.points[1].limits == Band(low: -15_000, high: 15_000))
        #expect(profile.timing.responseTimeout == .seconds(1))
    }
}

@Suite(.timeLimit(.minutes(5)))
struct ProfileNewTests {
    private static let answers = """
        Acme
        M1
        manual of 2019, page 31
        modicon
        30001
        float32

        1
        V
        Voltage
        30013
        int16
        0,1
        Cel
        heat/inside
        10001
        Door open
        30021
        uint32
        CDAB
        1
        kWh
        Energy
        30030
        uint16
        1

        Error code


        """

    @Test func `the answers become a profile that passes the check, with empty vectors`() async throws {
        let folder = try TemporaryFolder()
        let answers = try folder.write(Self.answers, to: "answers.txt")
        let path = folder.path + "/m1.yaml"
        let outcome = try await Program.run("profile", "new", "--answers", answers, "--output", path)
        #expect(outcome.code == 0, "\(outcome.errors)")
        try Golden.expect(outcome.output, is: "profile-new", replacing: folder.path)
        try Golden.expect(
            try String(contentsOfFile: path, encoding: .utf8), is: "profile-new-file", replacing: folder.path)
        try Golden.expect(
            try String(contentsOfFile: folder.path + "/m1.vectors.yaml", encoding: .utf8),
            is: "profile-new-vectors", replacing: folder.path)
        let check = try await Program.run("profile", "check", path)
        #expect(check.code == 0 && check.output == "1 profile, 0 vectors, 0 errors, 0 warnings\n")
        let again = try await Program.run("profile", "new", "--answers", answers, "--output", path)
        #expect(again.code == 74)
    }

    @Test func `an answer that cannot be ends it, with the number of its line`() async throws {
        let folder = try TemporaryFolder()
        let wrong = try folder.write(Self.answers.replacing("float32", with: "float33"), to: "wrong.txt")
        let outcome = try await Program.run("profile", "new", "--answers", wrong, "--output", folder.path + "/x.yaml")
        #expect(outcome.code == 64)
        #expect(outcome.errors.contains("answer 6, `float33`, to \"Type"), "\(outcome.errors)")
        let short = try folder.write("Acme\n", to: "short.txt")
        let ended = try await Program.run("profile", "new", "--answers", short, "--output", folder.path + "/x.yaml")
        #expect(ended.code == 64)
        #expect(ended.errors == "koppel: there is no answer 2: Model\n")
    }

    @Test func `a person is asked again`() throws {
        var shown = ""
        var lines = [
            "", "Acme", "M1", "2019", "one", "one-based", "5", "4", "0", "1", "word", "0", "10", "quark", "W", "Power",
            "",
        ][...]
        var questions = ProfileQuestions(Dialogue(isPatient: true, show: { shown += $0 }) { lines.popFirst() })
        let profile = try questions.profile()
        #expect(lines.isEmpty)
        #expect(profile.points.map(\.address) == [0])
        #expect(profile.points.map(\.table) == [.inputRegister])
        #expect(profile.points.map(\.scaling) == [Scaling(scale: 10, offset: 0)])
        #expect(shown.contains("  1 reads coils, 2 discrete inputs, 3 holding registers, 4 input registers\n"))
    }
}
