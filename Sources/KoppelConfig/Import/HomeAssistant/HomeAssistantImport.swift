internal import KoppelCore

/// Reads `modbus:` of a Home Assistant configuration (<https://www.home-assistant.io/integrations/modbus/>). Addresses
/// there are zero-based.
struct HomeAssistantImport {
    private static let hubKeys = [
        "name", "type", "host", "port", "delay", "timeout", "message_wait_milliseconds", "baudrate", "bytesize",
        "method", "parity", "stopbits",
    ]
    /// What a profile has no place for.
    private static let notCarried = ["retries", "close_comm_on_error", "retry_on_empty"]

    let file: String
    /// The names of what stands in `secrets.yaml`: `!secret NAME` reads as its name.
    let secrets: Set<String>

    init(file: String, text: String) {
        self.file = file
        secrets = Set(
            text.split(separator: "!secret ").dropFirst().compactMap { rest in
                rest.split { $0.isWhitespace || "'\"#,}]".contains($0) }.first.map(String.init)
            })
    }

    func read(_ document: DocumentNode) -> ImportResult {
        let root = ForeignNode(node: document)
        let modbus = root["modbus"] ?? root
        guard modbus.text == nil else {
            return ImportResult(
                file: file,
                SyntaxFault(
                    position: modbus.position, sentence: "`modbus:` stands in another file",
                    hint: "Import `\(modbus.text ?? "")`."))
        }
        let hubs = modbus.items.filter { hub in Self.readers.contains { hub[$0.key] != nil } || hub["host"] != nil }
        guard !hubs.isEmpty else {
            return ImportResult(
                file: file, SyntaxFault(position: .start, sentence: "there is no `modbus:` with a hub in this file"))
        }
        var devices = DeviceCollection(file: file)
        for (index, hub) in hubs.enumerated() { read(hub, number: index + 1, into: &devices) }
        var result = devices.result
        result.issues += old(root)
        if result.devices.isEmpty, !result.hasErrors {
            result.issues.append(
                ConfigIssue(
                    file: file, position: hubs[0].position, path: "", severity: .error,
                    sentence: "no hub below `modbus:` has sensors, binary_sensors or climates", hint: nil))
        }
        return result
    }

    /// Until 2021 sensors stood outside `modbus:` and named their hub.
    private func old(_ root: ForeignNode) -> [ConfigIssue] {
        ["sensor", "binary_sensor", "climate", "switch", "cover"].flatMap { section in
            (root[section]?.items ?? []).filter { $0["platform"]?.text == "modbus" }.map { item in
                ConfigIssue(
                    file: file, position: item.position, path: section, severity: .warning,
                    sentence: "left out: this is the form that Home Assistant had until 2021",
                    hint: "Put its registers below `sensors:` or `binary_sensors:` of the hub, each with `address`.")
            }
        }
    }

    private typealias Reader = @Sendable (HomeAssistantEntity, inout ImportedDevice) -> Void

    private static let readers: [(key: String, read: Reader)] = [
        ("sensors", { $0.addSensor(to: &$1) }), ("binary_sensors", { $0.addBinarySensor(to: &$1) }),
        ("climates", { $0.addClimate(to: &$1) }),
    ]

    private func read(_ hub: ForeignNode, number: Int, into devices: inout DeviceCollection) {
        let title = hub["name"]?.text ?? "hub\(number)"
        let bus = bus(hub)
        func change(_ unit: Int, _ body: (inout ImportedDevice) -> Void) {
            devices.change(
                "\(title)/\(unit)", bus: bus, unit: unit,
                made: { device in
                    device.setUp(hub)
                    for key in hub.keys where secrets.contains(hub[key.name]?.text ?? "") {
                        device.note(key.name, at: key.position, "not carried over: it stands in secrets.yaml")
                    }
                    for key in hub.keys where Self.notCarried.contains(key.name) {
                        device.note(key.name, at: key.position, "not carried over: a profile has no such setting")
                    }
                }, body)
        }
        var told: Set<String> = []
        for (key, reader) in Self.readers {
            if let list = hub[key], let other = list.text {
                change(0) {
                    $0.leaveOut(
                        key, at: list.position, because: "it stands in another file", hint: "Put `\(other)` here.")
                }
                continue
            }
            for entity in hub[key]?.items ?? [] {
                let read = HomeAssistantEntity(node: entity, section: key)
                if let unit = read.unknownUnit, let text = unit.text, told.insert(text).inserted {
                    change(read.unit) {
                        $0.note(
                            "unit id", at: unit.position, "`\(text)` is not in this file: taken for unit 0",
                            hint: "Give the machine its unit id in the site file.")
                    }
                }
                change(read.unit) { reader(read, &$0) }
            }
        }
        // Everything else acts on the machine; Koppel only reads.
        for key in hub.keys
        where !(Self.hubKeys + Self.notCarried).contains(key.name)
            && !Self.readers.contains(where: { $0.key == key.name })
        {
            for entity in hub[key.name]?.items ?? [] {
                let read = HomeAssistantEntity(node: entity, section: key.name)
                change(read.unit) {
                    $0.leaveOut(
                        read.subject, at: entity.position, because: "Koppel only reads, and this acts on the machine",
                        hint: "Its register can be read as a binary_sensor or sensor.")
                }
            }
        }
    }

    private func bus(_ hub: ForeignNode) -> String? {
        let parity = hub["parity"]?.text ?? "N"
        let line =
            "baud=\(hub["baudrate"]?.whole ?? 9_600)&format=\(hub["bytesize"]?.whole ?? 8)\(parity)"
            + "\(hub["stopbits"]?.whole ?? 1)"
        func known(_ key: String) -> String? {
            hub[key]?.text.flatMap { secrets.contains($0) ? nil : $0 }
        }
        let address = "\(known("host") ?? "HOST"):\(known("port") ?? "502")"
        switch hub["type"]?.text {
        case "tcp": return "tcp://\(address)"
        case "rtuovertcp": return "rtu+tcp://\(address)?\(line)"
        case "serial": return "rtu:\(known("port") ?? "PORT")?\(line)"
        default: return nil
        }
    }
}

extension ImportedDevice {
    /// What the hub says of all its devices.
    fileprivate mutating func setUp(_ hub: ForeignNode) {
        // Home Assistant asks every 15 s where nothing else is said.
        interval = .seconds(15)
        model = hub["name"]?.text
        if let timeout = hub["timeout"]?.duration(unit: .seconds(1)), timeout >= .milliseconds(1) {
            timing.responseTimeout = timeout
        }
        if let pause = hub["message_wait_milliseconds"]?.duration(unit: .milliseconds(1)) {
            timing.pauseBeforeRequest = pause
        }
        if let delay = hub["delay"], delay.number ?? 0 > 0 {
            note("delay", at: delay.position, "not carried over: Koppel waits with nothing after it has connected")
        }
    }
}
