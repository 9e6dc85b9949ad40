internal import KoppelCore

/// Reads `[[inputs.modbus]]` of a Telegraf configuration, in its three styles: register, request and metric
/// (<https://github.com/influxdata/telegraf/tree/master/plugins/inputs/modbus>). Addresses there are zero-based.
struct TelegrafImport {
    let file: String

    func read(_ document: DocumentNode) -> ImportResult {
        let root = ForeignNode(node: document)
        let plugins = root["inputs"]?["modbus"]?.items ?? []
        guard !plugins.isEmpty else {
            return ImportResult(
                file: file,
                SyntaxFault(position: .start, sentence: "there is no [[inputs.modbus]] in this configuration"))
        }
        var devices = DeviceCollection(file: file)
        let agentInterval = root["agent"]?["interval"]?.duration(unit: .seconds(1))
        for plugin in plugins {
            var reader = TelegrafPlugin(plugin: plugin, agentInterval: agentInterval, devices: devices)
            reader.read()
            devices = reader.devices
        }
        var result = devices.result
        // They change names and values on the way, so a profile without them gives others.
        result.issues += ["processors", "aggregators"].flatMap { section in
            (root[section]?.keys ?? []).map { key in
                ConfigIssue(
                    file: file, position: key.position, path: "\(section).\(key.name)", severity: .warning,
                    sentence: "not carried over: only inputs.modbus is read")
            }
        }
        return result
    }
}

/// The devices of a file while it is read: one for each bus and unit id.
struct DeviceCollection {
    /// As many as a bus has unit ids, and a few buses.
    static let most = 1_000

    let file: String
    private(set) var all: [ImportedDevice] = []
    private var refused = 0

    init(file: String) { self.file = file }

    /// Changes the device at a bus with a unit id; it is made if there is none.
    mutating func change(
        _ name: String, bus: String?, unit: Int?, made make: (inout ImportedDevice) -> Void = { _ in },
        _ body: (inout ImportedDevice) -> Void
    ) {
        var index = all.firstIndex { $0.bus == bus && $0.unit == unit && (bus != nil || $0.name == name) }
        if index == nil {
            guard all.count < Self.most else { return refused += 1 }
            var device = ImportedDevice(name: unique(name), file: file)
            (device.bus, device.unit) = (bus, unit)
            make(&device)
            all.append(device)
            index = all.count - 1
        }
        if let index { body(&all[index]) }
    }

    var result: ImportResult {
        guard refused > 0 else { return ImportResult(devices: all) }
        return ImportResult(
            file: file,
            SyntaxFault(position: .start, sentence: "the file has more than 1,000 devices", hint: "Split it."))
    }

    private func unique(_ name: String) -> String {
        var (candidate, number) = (name, 2)
        while all.contains(where: { $0.name == candidate }) {
            candidate = "\(name)-\(number)"
            number += 1
        }
        return candidate
    }
}
