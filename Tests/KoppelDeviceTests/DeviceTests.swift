import Foundation
import KoppelConfig
import KoppelCore
import Testing

/// Every profile under `Devices` is found by its folder: a new device needs no Swift.
struct DeviceTests {
    @Test func `there are device profiles`() {
        #expect(!Device.all.isEmpty)
    }

    @Test(arguments: Device.all)
    func `a profile has no issues, and its id is its path`(_ device: Device) throws {
        let load = Device.library.load(device.id)
        #expect(load.issues.isEmpty, "\(issueText(load.issues))")
        let profile = try #require(load.profile)
        #expect(profile.id == device.expectedProfile)
    }

    @Test(arguments: Device.all)
    func `a profile has vectors`(_ device: Device) {
        let load = loadVectors(
            at: device.vectorsPath, profile: Device.library.load(device.id).profile, files: DiskFiles())
        #expect(load.issues.isEmpty, "\(issueText(load.issues))")
        #expect(load.vectors?.vectors.isEmpty == false)
        #expect(load.vectors?.vectors.allSatisfy { !$0.expectations.isEmpty } == true)
    }

    @Test(arguments: Device.all)
    func `a profile says where it comes from, how sure that is, and what everything is called in two languages`(
        _ device: Device
    ) throws {
        let profile = try #require(Device.library.load(device.id).profile)
        #expect(profile.confidence != nil)
        #expect(profile.verified?.isEmpty == false)
        #expect(!profile.sources.isEmpty)
        let texts =
            profile.points.map { ($0.signal.description, $0.label) }
            + profile.alarms.map { ($0.code.description, $0.text) }
        for (name, text) in texts {
            for language in ["nl", "en"] { #expect(text[language]?.isEmpty == false, "\(name): \(language)") }
        }
    }

    @Test(arguments: Device.all)
    func `the vectors touch every published signal, and say where their words come from`(_ device: Device) throws {
        let profile = try #require(Device.library.load(device.id).profile)
        let touched = Set(device.recorded.flatMap { $0.vector.expectations.keys })
        let untouched = profile.points.filter { $0.published && !touched.contains($0.signal) }.map(\.signal.description)
        #expect(untouched == [])
        let comments = try String(contentsOfFile: device.vectorsPath, encoding: .utf8).split(separator: "\n")
            .filter { $0.hasPrefix("#") }.joined().lowercased()
        #expect(comments.contains("computed") || comments.contains("recorded"))
    }

    /// As its profile tells an installer to write it.
    @Test(
        arguments: [
            ([0x0003, 215], Decoded(value: .double(2.15), condition: .good)), ([0x0007, 215], .bad(.sensorFault)),
            ([0x0001, 215], .bad(.notSupported)),
        ] as [([UInt16], Decoded)])
    func `process data of an IO-Link master count only while its port calls them valid`(
        _ words: [UInt16], _ expected: Decoded
    ) throws {
        let path = "\(Device.folder)/ifm/al1940.yaml"
        let example = try String(contentsOfFile: path, encoding: .utf8).split(
            separator: "\n", omittingEmptySubsequences: false
        )
        .drop { $0 != "#   signals:" }.prefix { $0 != "#" }.map { "    " + $0.dropFirst(4) }
        #expect(example.count > 8)
        let site = """
            koppel: 1
            agent: {id: box-1, location: {enterprise: acme, site: hengelo}}
            buses: {net: {url: "tcp://127.0.0.1:1502"}}
            machines:
              master:
                bus: net
                unit: 1
                profile: ifm/al1940
            \(example.joined(separator: "\n"))
            """
        let files = FilesWithText(site, at: "tried.yaml", beside: DiskFiles())
        let load = loadSite(at: files.path, library: Device.library, files: files)
        #expect(load.issues.isEmpty, "\(issueText(load.issues))")
        let points = try #require(load.site?.machines.first).points
        let decoded = decodeAll(points: points, words: [.holdingRegister: [1_001: words]])
        #expect(decoded.first { $0.signal.description == "air/pressure" }?.decoded == expected)
    }

    @Test(arguments: Device.all.flatMap(\.recorded))
    func `a vector decodes to what it says`(_ recorded: RecordedVector) {
        recorded.expectDecoded()
    }

    @Test func `a robot that is stopped for safety is not told as executing, although its mode stays running`() throws {
        let robot = try #require(Device.library.load("universal-robots/ur").profile)
        var logic = StateLogic(try #require(robot.stateRule))
        let signals = logic.signals.map(\.description)
        func state(_ set: String?) throws -> StateLogic.Verdict {
            let inputs = signals.map { name -> Decoded in
                name == "status/robot-mode"
                    ? Decoded(value: .uint(7), condition: .good)
                    : Decoded(value: .bool(name == set), condition: .good)
            }
            let verdict = logic.judge(inputs, now: .zero)
            return try #require(verdict)
        }
        #expect(try state(nil).what.state == "executing")
        #expect(try state(nil).condition == .derived)
        #expect(try state("safety/protective-stop").what.cause == "fault")
        #expect(try state("safety/emergency-stop").what.cause == "emergency-stop")
        #expect(try state("safety/safeguard-stop").what.state == "notExecuting")
    }

    private func issueText(_ issues: [ConfigIssue]) -> String {
        issues.map(\.description).joined(separator: "\n")
    }
}

/// One profile of the folder `Devices`.
struct Device: CustomTestStringConvertible {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../Devices").standardizedFileURL.path
    static let library = ProfileLibrary(folders: [folder], files: DiskFiles())
    static let all = library.list().map { Device(id: $0.id, path: $0.path) }

    var id: String
    var path: String
    var testDescription: String { id }

    /// The id of the profile itself: its path, unless that is longer than the 32 characters of an id.
    var expectedProfile: Identifier? {
        Self.shortened[id].flatMap { Identifier($0) } ?? Identifier(id.replacing("/", with: "-"))
    }

    /// A name for a machine of this type, at most 32 characters.
    var machine: String { String(id.replacing("/", with: "-").prefix(32)) }

    private static let shortened = ["waveshare/modbus-rtu-analog-input-8ch": "waveshare-analog-input-8ch"]

    var vectorsPath: String { path.dropLast(".yaml".count) + ".vectors.yaml" }

    /// The vectors of this device; none if a file has issues, which another test tells.
    var recorded: [RecordedVector] {
        guard let profile = Self.library.load(id).profile,
            let vectors = loadVectors(at: vectorsPath, profile: profile, files: DiskFiles()).vectors
        else { return [] }
        return vectors.vectors.map { RecordedVector(device: id, profile: profile, vector: $0) }
    }
}

/// One vector with the profile it proves.
struct RecordedVector: CustomTestStringConvertible {
    var device: String
    var profile: DeviceProfile
    var vector: VectorsFile.Vector
    var testDescription: String { "\(device): \(vector.name)" }

    /// Decodes the words and holds them against what the vector expects.
    func expectDecoded() {
        let decoded = decodeAll(points: profile.points, words: vector.words)
        for (signal, expectation) in vector.expectations.sorted(by: { $0.key < $1.key }) {
            guard let actual = decoded.first(where: { $0.signal == signal })?.decoded else {
                Issue.record("\(signal): the vector does not give all of its registers")
                continue
            }
            let unit = profile.points.first { $0.signal == signal }?.unit
            let difference = expectation.difference(to: actual, unit: unit)
            #expect(difference == nil, "\(signal): \(difference ?? "")")
        }
    }
}
