import KoppelConfig
import KoppelCore
import Testing

/// Includes, links, secrets and profiles of a site that is more than one file.
struct SiteFilesTests {
    private let main = """
        koppel: 1
        agent: {id: box-1, location: {enterprise: acme, site: hengelo}}
        include: conf.d

        """

    @Test func `the files of an included folder are merged`() throws {
        let load = load([
            "/s/koppel.yaml": main, "/s/conf.d/10-bus.yaml": "buses: {hal-3: {url: \"tcp://10.0.0.1\"}}",
            "/s/conf.d/20-out.yaml": "koppel: 1\ndestinations: {hub: {url: \"mqtt://broker\", share: all}}",
            "/s/conf.d/notes.txt": "no YAML: [",
        ])
        #expect(load.issues == [])
        #expect(load.site?.buses.map(\.endpoint) == [.tcp(host: "10.0.0.1", port: 502)])
        #expect(load.site?.destinations.map(\.port) == [1_883])
    }

    @Test func `the issues of all files come at once, each with its file`() throws {
        let load = load([
            "/s/koppel.yaml": main + "clock: x\n", "/s/conf.d/a.yaml": "buses: {b: {url: x}}",
            "/s/conf.d/b.yaml": "buses: {b: {url: \"tcp://a\"}}\nagent: {}",
        ])
        #expect(load.site == nil)
        #expect(
            load.issues.map { "\($0.file):\($0.line) \($0.sentence)" } == [
                "/s/koppel.yaml:4 unknown key",
                "/s/conf.d/b.yaml:1 `b` stands in two files, also in /s/conf.d/a.yaml line 1",
                "/s/conf.d/b.yaml:2 stands in two files, also in /s/koppel.yaml line 2",
                "/s/conf.d/a.yaml:1 this is no bus URL",
            ])
    }

    struct Trap: CustomTestStringConvertible {
        var testDescription: String
        var files: MemoryFiles
        var sentence: String
    }

    private static let inner = "buses: {}\n"

    @Test(arguments: [
        Trap(
            testDescription: "a cycle over two folders",
            files: MemoryFiles(contents: [
                "/s/conf.d/a.yaml": "include: more", "/s/conf.d/more/b.yaml": "include: /s/conf.d",
            ]), sentence: "includes itself through /s/conf.d/a.yaml"),
        Trap(
            testDescription: "the folder of the site file itself",
            files: MemoryFiles(contents: ["/s/conf.d/a.yaml": "include: /s"]),
            sentence: "includes itself through /s/koppel.yaml"),
        Trap(
            testDescription: "a file that is a link out of the folder",
            files: MemoryFiles(
                contents: ["/etc/shadow": inner, "/s/conf.d/a.yaml": inner],
                links: ["/s/conf.d/b.yaml": "/etc/shadow"]),
            sentence: "/s/conf.d/b.yaml is a link that leads out of the folder"),
        Trap(
            testDescription: "a folder that is a link out of the site folder",
            files: MemoryFiles(contents: ["/etc/secret/a.yaml": inner], links: ["/s/conf.d": "/etc/secret"]),
            sentence: "`conf.d` is a link that leads out of /s"),
        Trap(testDescription: "no such folder", files: MemoryFiles(), sentence: "there is no folder `/s/conf.d`"),
    ]) func `X06, A23: an include that leads out or around is refused`(_ trap: Trap) {
        var files = trap.files
        files.contents["/s/koppel.yaml"] = main
        #expect(load(files).issues.map(\.sentence).contains(trap.sentence))
        #expect(load(files).site == nil)
    }

    @Test func `links inside the folder are fine, as Kubernetes makes them`() {
        let files = MemoryFiles(
            contents: ["/s/..2026/koppel.yaml": main, "/s/conf.d/..2026/a.yaml": Self.inner],
            links: ["/s/koppel.yaml": "/s/..2026/koppel.yaml", "/s/conf.d/a.yaml": "/s/conf.d/..2026/a.yaml"])
        #expect(load(files).issues == [])
    }

    @Test(arguments: [
        (UInt16(0o600), UInt32(1_000), nil as String?), (0o440, 0, nil), (0o640, 0, nil),
        (0o644, 0, "/run/pw has mode 0644, so others can get at the secret"),
        (0o660, 0, "/run/pw has mode 0660, so others can get at the secret"),
        (0o600, 1_001, "/run/pw belongs to another user (1001)"),
    ]) func `A23: a secret that others can read is refused`(_ mode: UInt16, _ owner: UInt32, _ sentence: String?) {
        let text = """
            koppel: 1
            agent: {id: box-1, location: {enterprise: acme, site: hengelo}}
            destinations: {hub: {url: "mqtt://broker", user: u, password: {file: /run/pw}, share: all}}
            """
        let files = MemoryFiles(
            contents: ["/s/koppel.yaml": text, "/run/pw": "hunter2"], modes: ["/run/pw": mode],
            owners: ["/run/pw": owner])
        let load = load(files)
        #expect(load.issues.first?.sentence == sentence)
        #expect((load.site == nil) == (sentence != nil))
    }

    @Test func `X06: a profile path that is a link out of the folder is refused`() {
        let text = """
            koppel: 1
            agent: {id: box-1, location: {enterprise: acme, site: hengelo}}
            buses: {b: {url: "tcp://a"}}
            machines: {m: {bus: b, unit: 1, profile: ./p.yaml}}
            """
        let files = MemoryFiles(contents: ["/s/koppel.yaml": text, "/etc/x": "x"], links: ["/s/p.yaml": "/etc/x"])
        #expect(load(files).issues.map(\.sentence) == ["`./p.yaml` is a link that leads out of /s"])
    }

    @Test func `P12: one serial port under two names is one bus too many`() {
        let text = """
            koppel: 1
            agent: {id: box-1, location: {enterprise: acme, site: hengelo}}
            buses: {one: {url: "rtu:/dev/ttyUSB0"}, two: {url: "rtu:/dev/serial/by-id/ftdi"}}
            """
        let files = MemoryFiles(
            contents: ["/s/koppel.yaml": text, "/dev/ttyUSB0": ""], links: ["/dev/serial/by-id/ftdi": "/dev/ttyUSB0"])
        let issue = load(files).issues.first { $0.severity == .error }
        #expect(
            issue?.sentence == "`/dev/ttyUSB0` and `/dev/serial/by-id/ftdi` are one serial port, and it already "
                + "belongs to bus `one` at /s/koppel.yaml:3:9")
        #expect(issue?.description.hasPrefix("/s/koppel.yaml:3:41: error: buses.two: ") == true)
        #expect(issue?.hint?.contains("name bus one in their machines") == true)
    }

    @Test func `P12: two device nodes with one number are one serial port`() {
        let text = """
            koppel: 1
            agent: {id: box-1, location: {enterprise: acme, site: hengelo}}
            buses: {one: {url: "rtu:/dev/ttyS0"}, two: {url: "rtu:/dev/modbus"}, three: {url: "rtu:/dev/ttyS1"}}
            """
        var files = MemoryFiles(
            contents: ["/s/koppel.yaml": text, "/dev/ttyS0": "", "/dev/modbus": "", "/dev/ttyS1": ""])
        files.devices = ["/dev/ttyS0": 0x440, "/dev/modbus": 0x440, "/dev/ttyS1": 0x441]
        let errors = load(files).issues.filter { $0.severity == .error }
        #expect(errors.map(\.path) == ["buses.two"])
    }

    @Test(arguments: [
        ("/dev/serial/by-id/ftdi", "Use /dev/serial/by-id/ftdi, which stays with the adapter."),
        ("/dev/serial/by-path/usb-1", "Use /dev/serial/by-path/usb-1, which stays with the USB socket."),
        ("/dev/other", "Use the name under /dev/serial/by-id/, which stays with the adapter."),
    ])
    func `P13: a numbered port is warned about, with the stable name if there is one`(link: String, hint: String) {
        let text = """
            koppel: 1
            agent: {id: box-1, location: {enterprise: acme, site: hengelo}}
            buses: {one: {url: "rtu:/dev/ttyACM0"}}
            """
        let files = MemoryFiles(
            contents: ["/s/koppel.yaml": text, "/dev/ttyACM0": ""], links: [link: "/dev/ttyACM0"])
        let warning = load(files).issues.first
        #expect(warning?.sentence == "/dev/ttyACM0 may name another adapter after a restart")
        #expect(warning?.hint == hint)
    }

    @Test func `the folders of agent profiles come before the shipped library`() throws {
        let counter = try Fixture.text("profile-good-acme-counter.yaml")
        let text = """
            koppel: 1
            agent: {id: box-1, location: {enterprise: acme, site: hengelo}, profiles: [own]}
            buses: {b: {url: "tcp://a"}}
            machines: {m: {bus: b, unit: 1, profile: acme/counter}, n: {bus: b, unit: 2, profile: acme/shipped}}
            """
        let files = MemoryFiles(contents: [
            "/s/koppel.yaml": text, "/s/own/acme/counter.yaml": counter.replacing("Acme", with: "Own"),
            "/lib/acme/counter.yaml": counter, "/lib/acme/shipped.yaml": counter,
        ])
        let load = loadSite(at: "/s/koppel.yaml", library: ProfileLibrary(shipped: "/lib", files: files), files: files)
        #expect(load.site?.machines.map(\.nameplate.manufacturer) == ["Own", "Acme"])
    }

    private func load(_ contents: [String: String]) -> SiteLoad { load(MemoryFiles(contents: contents)) }

    private func load(_ files: MemoryFiles) -> SiteLoad {
        loadSite(at: "/s/koppel.yaml", library: ProfileLibrary(folders: ["/d"], files: files), files: files)
    }
}
