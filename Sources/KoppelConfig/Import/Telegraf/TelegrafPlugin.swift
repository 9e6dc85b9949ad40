internal import KoppelCore

/// One `[[inputs.modbus]]`.
struct TelegrafPlugin {
    private static let tables: [(key: String, table: RegisterTable)] = [
        ("discrete_inputs", .discreteInput), ("coils", .coil), ("holding_registers", .holdingRegister),
        ("input_registers", .inputRegister),
    ]
    private static let registers: [String: RegisterTable] = [
        "coil": .coil, "discrete": .discreteInput, "holding": .holdingRegister, "input": .inputRegister,
    ]
    /// Keys of the plugin that are read, each where it belongs.
    private static let read = [
        "name", "slave_id", "timeout", "interval", "controller", "baud_rate", "data_bits", "parity", "stop_bits",
        "transmission_mode", "configuration_type", "request", "metric", "workarounds",
    ]
    /// Keys of a section of the request or metric style that are read.
    private static let readOfSection = ["slave_id", "byte_order", "register", "measurement", "fields", "tags"]

    let plugin: ForeignNode
    /// What `[agent]` says; Telegraf itself gathers every 10 s.
    let agentInterval: Duration?
    var devices: DeviceCollection

    private var title: String { plugin["name"]?.text ?? "modbus" }
    private var bus: String? { plugin["controller"]?.text.map { TelegrafBus(controller: $0, plugin: plugin).url } }

    mutating func read() {
        switch plugin["configuration_type"]?.text ?? "register" {
        case "register": readRegisters()
        case "request": readSections("request")
        case "metric": readSections("metric")
        case let style:
            let position = plugin.position
            change(plugin["slave_id"]?.whole) {
                $0.leaveOut(
                    "inputs.modbus", at: position, because: "`\(style)` is no style of a configuration",
                    hint: "Known here: register, request, metric.")
            }
        }
    }

    /// The device with a unit id, set up as the plugin says.
    private mutating func change(_ unit: Int?, _ body: (inout ImportedDevice) -> Void) {
        let plugin = plugin
        let interval = plugin["interval"]?.duration(unit: .seconds(1)) ?? agentInterval ?? .seconds(10)
        devices.change(
            "\(title)/\(unit ?? 0)", bus: bus, unit: unit,
            made: { device in
                device.interval = max(interval, .milliseconds(10))
                device.model = plugin["name"]?.text
                device.setUp(plugin)
                for key in plugin.keys
                where !Self.read.contains(key.name) && !Self.tables.contains(where: { $0.key == key.name }) {
                    device.note(key.name, at: key.position, "not carried over: a profile has no such setting")
                }
            }, body)
    }

    // MARK: Register style

    private mutating func readRegisters() {
        let unit = plugin["slave_id"]?.whole
        let location = plugin["workarounds"]?["string_register_location"]?.text
        for (key, table) in Self.tables {
            for field in plugin[key]?.items ?? [] {
                let read = TelegrafField(field: field, section: key, strings: location)
                change(unit) { read.addRegister(to: &$0, table: table) }
            }
        }
        for key in ["request", "metric"] {
            guard let section = plugin[key] else { continue }
            change(unit) {
                $0.leaveOut(
                    key, at: section.position, because: "configuration_type is register",
                    hint: "Telegraf does not use these sections either.")
            }
        }
        // A device that has nothing to read is told of, too.
        change(unit) { _ in }
    }

    // MARK: Request and metric style

    private mutating func readSections(_ style: String) {
        let location = plugin["workarounds"]?["string_register_location"]?.text
        for section in plugin[style]?.items ?? [] {
            let unit = section["slave_id"]?.whole ?? 0
            if section["tags"] != nil {
                change(unit) {
                    $0.note("\(style).tags", at: section.position, "tags are not carried over: a profile has none")
                }
            }
            for key in section.keys where !Self.readOfSection.contains(key.name) {
                change(unit) {
                    $0.note("\(style).\(key.name)", at: key.position, "not carried over: Koppel has no such setting")
                }
            }
            for field in section["fields"]?.items ?? [] {
                let read = TelegrafField(field: field, section: style, strings: location)
                let name = (style == "metric" ? field["register"]?.text : section["register"]?.text) ?? "holding"
                guard let table = Self.registers[name] else {
                    change(unit) {
                        $0.leaveOut(read.subject, at: field.position, because: "`\(name)` is no table of registers")
                    }
                    continue
                }
                let order = section["byte_order"]?.text ?? "ABCD"
                let group = field["measurement"]?.text ?? section["measurement"]?.text
                change(unit) { read.addRequested(to: &$0, table: table, order: order, measurement: group) }
            }
        }
    }
}

extension ImportedDevice {
    /// What the plugin says of the device besides its registers.
    fileprivate mutating func setUp(_ plugin: ForeignNode) {
        if let timeout = plugin["timeout"]?.duration(unit: .seconds(1)), timeout >= .milliseconds(1) {
            timing.responseTimeout = timeout
        }
        guard let workarounds = plugin["workarounds"] else { return }
        for key in workarounds.keys {
            let value = workarounds[key.name]
            switch key.name {
            case "pause_between_requests":
                timing.pauseBeforeRequest = value?.duration(unit: .seconds(1))
            case "max_word_registers_per_request":
                if let count = value?.whole, (1...125).contains(count) { limits.registersPerRequest = count }
            case "max_bit_registers_per_request":
                if let count = value?.whole, (1...2_000).contains(count) { limits.bitsPerRequest = count }
            case "string_register_location": break
            default: note("workarounds.\(key.name)", at: key.position, "not carried over: Koppel has no such setting")
            }
        }
    }
}

/// The controller of Telegraf as the `url` of a bus in a site file.
struct TelegrafBus {
    let controller: String
    let plugin: ForeignNode

    var url: String {
        let mode = plugin["transmission_mode"]?.text?.lowercased() ?? "auto"
        if let address = controller.split(separator: "://").last, controller.hasPrefix("tcp://") {
            return mode == "rtuovertcp" ? "rtu+tcp://\(address)?\(line)" : "tcp://\(address)"
        }
        let path = controller.hasPrefix("file://") ? String(controller.dropFirst(7)) : controller
        return "rtu:\(path)?\(line)"
    }

    private var line: String {
        let parity = plugin["parity"]?.text ?? "N"
        let format = "\(plugin["data_bits"]?.whole ?? 8)\(parity)\(plugin["stop_bits"]?.whole ?? 1)"
        return "baud=\(plugin["baud_rate"]?.whole ?? 9_600)&format=\(format)"
    }
}
