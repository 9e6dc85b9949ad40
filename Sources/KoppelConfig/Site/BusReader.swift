internal import KoppelCore

/// Reads one bus: where it is and how long an answer may take.
struct BusReader {
    let files: any ConfigFiles

    func read(_ field: Field, key: String) -> BusSettings? {
        guard let section = field.section(SiteShape.bus) else { return nil }
        let id = field.keyIdentifier(key)
        let timeout = section["timeout"]?.duration(in: .milliseconds(10) ... .seconds(60)) ?? .seconds(1)
        let hint = "tcp://HOST:PORT, rtu:/dev/...?baud=9600&format=8E1 or rtu+tcp://HOST:PORT"
        let endpoint = section.required("url", hint: hint).flatMap { readEndpoint($0, hint: hint) }
        let connection = section["connection"].flatMap { readConnection($0, to: endpoint) } ?? .keep
        let admission = section["admission"].flatMap { $0.choice(BusAdmission.self) } ?? .refuse
        guard let id, let endpoint else { return nil }
        return BusSettings(
            id: id, endpoint: endpoint, timeout: timeout, connection: connection, admission: admission,
            polling: PollingRulesReader(section: section).read(),
            simulated: section["simulated"]?.bool() ?? false)
    }

    private func readConnection(_ field: Field, to endpoint: BusEndpoint?) -> BusConnection? {
        if case .rtu = endpoint {
            field.error("a serial port has no connection to close", hint: "Leave `connection` out.")
            return nil
        }
        return field.choice(BusConnection.self)
    }

    private func readEndpoint(_ field: Field, hint: String) -> BusEndpoint? {
        guard let text = field.string() else { return nil }
        if text.hasPrefix("rtu:"), !text.hasPrefix("rtu://") {
            return SerialReader(files: files, field: field).read(String(text.dropFirst(4)))
        }
        guard let parts = EndpointText(text), ["tcp", "rtu+tcp"].contains(parts.scheme) else {
            field.error("this is no bus URL", hint: hint)
            return nil
        }
        let hasOptions = parts.scheme == "rtu+tcp" && parts.rest.hasPrefix("?")
        guard !parts.hasCredentials, parts.rest.isEmpty || hasOptions, parts.hasPlainHost else {
            field.error("this is no bus URL", hint: "Only HOST:PORT follows \(parts.scheme)://.")
            return nil
        }
        if parts.scheme == "tcp" {
            return field.port(parts.port ?? "502").map { .tcp(host: parts.host, port: $0) }
        }
        guard let port = parts.port else {
            field.error("a serial device server needs a port", hint: "For example rtu+tcp://10.0.0.5:4001.")
            return nil
        }
        let line = SerialReader(files: files, field: field).readLine(
            parts.rest.dropFirst(), known: ["baud", "format"])
        return field.port(port).map { .rtuOverTCP(host: parts.host, port: $0, line: line) }
    }

    /// Writes an issue for each bus at the end of which another bus already is (field rules P12, P17).
    func checkEndpoints(_ buses: [(settings: BusSettings, field: Field)]) {
        var owners: [String: (settings: BusSettings, field: Field)] = [:]
        for (settings, field) in buses {
            let key: String =
                switch settings.endpoint {
                case .tcp(let host, let port), .rtuOverTCP(let host, let port, _): "\(host):\(port)"
                case .rtu(let device, _): identity(ofPort: device)
                }
            guard let owner = owners[key] else {
                owners[key] = (settings, field)
                continue
            }
            let id = owner.settings.id
            let advice = "One bus serves all units behind an endpoint: name bus \(id) in their machines."
            guard case .rtu(let first, _) = owner.settings.endpoint, case .rtu(let second, _) = settings.endpoint else {
                field.keyError("bus `\(id)` already uses \(key)", hint: advice)
                continue
            }
            let place = "\(owner.field.file):\(owner.field.keyPosition.line):\(owner.field.keyPosition.column)"
            let names = first == second ? "`\(first)`" : "`\(first)` and `\(second)` are one serial port, and it"
            field.keyError("\(names) already belongs to bus `\(id)` at \(place)", hint: advice)
        }
    }

    /// The same for all names of one port: the number of the device, else the path without links.
    private func identity(ofPort device: String) -> String {
        if let number = files.facts(device)?.device { return "device \(number)" }
        return files.realPath(device) ?? device
    }
}
