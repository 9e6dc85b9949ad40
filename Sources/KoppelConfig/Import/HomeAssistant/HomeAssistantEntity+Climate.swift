internal import KoppelCore

// A thermostat: what it measures, what is wanted, and its mode, each as a signal of its own.

extension HomeAssistantEntity {
    private static let climateKeys = [
        "target_temp_register", "target_temp_write_registers", "temperature_unit", "hvac_onoff_register",
        "hvac_on_value", "hvac_off_value", "max_temp", "min_temp", "temp_step", "current_temp_scale",
        "current_temp_offset", "target_temp_scale", "target_temp_offset",
    ]
    /// Registers whose numbers have names: the key, what the signal is called, and what each name begins with.
    private static let modes = [
        (key: "hvac_mode_register", name: "mode", prefix: "state_"),
        (key: "fan_mode_register", name: "fan", prefix: "state_fan_"),
        (key: "swing_mode_register", name: "swing", prefix: "swing_mode_state_"),
        (key: "hvac_action_register", name: "action", prefix: "action_"),
    ]

    func addClimate(to device: inout ImportedDevice) {
        guard let address = address(in: &device), let wire = wire(in: &device), let order = order(in: &device) else {
            return
        }
        noteOthers(in: &device, besides: Self.climateKeys + Self.modes.map(\.key))
        for key in node.keys
        where ["max_temp", "min_temp", "temp_step", "target_temp_write_registers"].contains(key.name) {
            device.note(subject, at: key.position, "\(key.name) is not carried over: Koppel writes nothing")
        }
        let table: RegisterTable = node["input_type"]?.text == "input" ? .inputRegister : .holdingRegister
        let title = node["name"]?.text ?? "climate"
        var temperature = FoundRegister(
            subject: subject, position: position, name: "\(title) temperature", table: table, address: address,
            wire: ordered(wire, order), order: order, scale: scale("current"), offset: offset("current"),
            unit: "°" + (node["temperature_unit"]?.text ?? "C"),
            interval: interval(in: &device), group: "heat")
        device.add(temperature)
        // A list has a register for each mode.
        let targets = node["target_temp_register"]?.items ?? []
        if Set(targets.compactMap(\.whole)).count > 1 {
            device.note(
                subject, at: targets[0].position,
                "of target_temp_register only the first is carried over: each mode has its own")
        }
        if let target = targets.first, let address = target.whole {
            (temperature.scale, temperature.offset) = (scale("target"), offset("target"))
            temperature.subject = subject + ".target_temp_register"
            temperature.position = target.position
            temperature.name = "\(title) setpoint"
            temperature.table = .holdingRegister
            temperature.address = address
            temperature.kind = .setpoint
            device.add(temperature)
        }
        for mode in Self.modes {
            guard let register = node[mode.key] else { continue }
            addMode(register, mode.key, name: "\(title) \(mode.name)", prefix: mode.prefix, to: &device)
        }
        addSwitch(title, to: &device)
    }

    /// One for both temperatures, or one for each. Home Assistant takes 0 for 1.
    private func scale(_ which: String) -> Double {
        let scale = (node["scale"] ?? node["\(which)_temp_scale"])?.number ?? 1
        return scale == 0 ? 1 : scale
    }

    private func offset(_ which: String) -> Double {
        (node["offset"] ?? node["\(which)_temp_offset"])?.number ?? 0
    }

    private func addMode(
        _ mode: ForeignNode, _ key: String, name: String, prefix: String, to device: inout ImportedDevice
    ) {
        let place = "\(subject).\(key)"
        var names: [Int64: String] = [:]
        for key in mode["values"]?.keys ?? [] {
            let name = key.name.hasPrefix(prefix) ? String(key.name.dropFirst(prefix.count)) : key.name
            for value in mode["values"]?[key.name]?.items.compactMap(\.whole) ?? [] { names[Int64(value)] = name }
        }
        // A list of one register is a way to write several at once.
        guard let address = mode["address"]?.items.first?.whole, !names.isEmpty else {
            return device.leaveOut(place, at: mode.position, because: "it has no address, or no values with names")
        }
        for key in mode.keys where !["address", "values", "input_type"].contains(key.name) {
            device.note(place, at: key.position, "\(key.name) is not carried over: it is not known here")
        }
        device.add(
            FoundRegister(
                subject: place, position: mode.position, name: name,
                table: mode["input_type"]?.text == "input" ? .inputRegister : .holdingRegister, address: address,
                wire: .uint16, enumeration: names, interval: interval(in: &device), group: "heat", kind: .state))
    }

    private func addSwitch(_ title: String, to device: inout ImportedDevice) {
        guard let switching = node["hvac_onoff_register"], let address = switching.whole else { return }
        let (on, off) = (Int64(node["hvac_on_value"]?.whole ?? 1), Int64(node["hvac_off_value"]?.whole ?? 0))
        var found = FoundRegister(
            subject: subject + ".hvac_onoff_register", position: switching.position, name: "\(title) on",
            table: .holdingRegister, address: address, wire: .bool, interval: interval(in: &device), group: "heat")
        if on != 1 || off != 0 {
            (found.wire, found.enumeration, found.kind) = (.uint16, [off: "off", on: "on"], .state)
        }
        device.add(found)
    }
}
