internal import KoppelCore

// A thermostat: what it measures, what is wanted, and its mode, each as a signal of its own.

extension HomeAssistantEntity {
    private static let climateKeys = [
        "target_temp_register", "target_temp_write_registers", "temperature_unit", "hvac_mode_register",
        "hvac_onoff_register", "max_temp", "min_temp", "temp_step",
    ]

    func addClimate(to device: inout ImportedDevice) {
        guard let address = address(in: &device), let wire = wire(in: &device), let order = order(in: &device) else {
            return
        }
        noteOthers(in: &device, besides: Self.climateKeys)
        for key in node.keys
        where ["max_temp", "min_temp", "temp_step", "target_temp_write_registers"].contains(key.name) {
            device.note(subject, at: key.position, "\(key.name) is not carried over: Koppel writes nothing")
        }
        let table: RegisterTable = node["input_type"]?.text == "input" ? .inputRegister : .holdingRegister
        let title = node["name"]?.text ?? "climate"
        var temperature = FoundRegister(
            subject: subject, position: position, name: "\(title) temperature", table: table, address: address,
            wire: ordered(wire, order), order: order, scale: node["scale"]?.number ?? 1,
            offset: node["offset"]?.number ?? 0, unit: "°" + (node["temperature_unit"]?.text ?? "C"),
            interval: interval(in: &device), group: "heat")
        device.add(temperature)
        // A list has a register for each mode; the first is the one that is read.
        if let target = node["target_temp_register"]?.items.first, let address = target.whole {
            temperature.subject = subject + ".target_temp_register"
            temperature.position = target.position
            temperature.name = "\(title) setpoint"
            temperature.table = .holdingRegister
            temperature.address = address
            temperature.kind = .setpoint
            device.add(temperature)
        }
        addModes(title, to: &device)
    }

    private func addModes(_ title: String, to device: inout ImportedDevice) {
        if let mode = node["hvac_mode_register"] {
            let place = subject + ".hvac_mode_register"
            var names: [Int64: String] = [:]
            for key in mode["values"]?.keys ?? [] {
                let name = key.name.hasPrefix("state_") ? String(key.name.dropFirst(6)) : key.name
                for value in mode["values"]?[key.name]?.items.compactMap(\.whole) ?? [] { names[Int64(value)] = name }
            }
            if let address = mode["address"]?.whole, !names.isEmpty {
                device.add(
                    FoundRegister(
                        subject: place, position: mode.position, name: "\(title) mode", table: .holdingRegister,
                        address: address, wire: .uint16, enumeration: names, interval: interval(in: &device),
                        group: "heat", kind: .state))
            } else {
                device.leaveOut(place, at: mode.position, because: "it has no address, or no values with names")
            }
        }
        if let switching = node["hvac_onoff_register"], let address = switching.whole {
            device.add(
                FoundRegister(
                    subject: subject + ".hvac_onoff_register", position: switching.position, name: "\(title) on",
                    table: .holdingRegister, address: address, wire: .bool, interval: interval(in: &device),
                    group: "heat"))
        }
    }
}
