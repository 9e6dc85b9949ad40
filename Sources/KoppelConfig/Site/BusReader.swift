internal import KoppelCore

/// Reads one bus: where it is and how long an answer may take.
struct BusReader {
    let files: any ConfigFiles

    func read(_ field: Field, key: String) -> BusSettings? {
        guard let section = field.section(["url", "timeout", "connection"]) else { return nil }
        let id = field.keyIdentifier(key)
        let timeout = section["timeout"]?.duration(in: .milliseconds(10) ... .seconds(60)) ?? .seconds(1)
        let hint = "tcp://HOST:PORT, rtu:/dev/...?baud=9600&format=8E1 or rtu+tcp://HOST:PORT"
        let endpoint = section.required("url", hint: hint).flatMap { readEndpoint($0, hint: hint) }
        let connection = section["connection"].flatMap { readConnection($0, to: endpoint) } ?? .keep
        guard let id, let endpoint else { return nil }
        return BusSettings(id: id, endpoint: endpoint, timeout: timeout, connection: connection)
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
        if text.hasPrefix("rtu:"), !text.hasPrefix("rtu://") { return serial(field, String(text.dropFirst(4))) }
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
        let line = readLine(parts.rest.dropFirst(), field)
        return field.port(port).map { .rtuOverTCP(host: parts.host, port: $0, line: line) }
    }

    private func serial(_ field: Field, _ text: String) -> BusEndpoint? {
        let halves = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let device = String(halves[0])
        guard device.hasPrefix("/"), device.count > 1, !FilePath.climbs(device) else {
            field.error(
                "`\(device)` is no serial device", hint: "For example rtu:/dev/serial/by-id/NAME?baud=9600&format=8E1.")
            return nil
        }
        let line = readLine(halves.count == 2 ? halves[1] : "", field)
        warnAboutUnstableName(device, field)
        return .rtu(device: device, line: line)
    }

    /// Reads `baud=9600&format=8E1`.
    private func readLine(_ text: Substring, _ field: Field) -> SerialLine {
        var line = SerialLine()
        for option in text.split(separator: "&") {
            let parts = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count == 2 ? String(parts[1]) : ""
            switch parts[0] {
            case "baud": setBaud(value, of: &line, field)
            case "format": setFormat(value, of: &line, field)
            default:
                field.error(
                    "unknown setting `\(parts[0])` of a serial line",
                    hint: suggestion(for: String(parts[0]), in: ["baud", "format"]))
            }
        }
        return line
    }

    private func setBaud(_ text: String, of line: inout SerialLine, _ field: Field) {
        guard let baud = Int(text), SerialLine.supportedBaudRates.contains(baud) else {
            let known = SerialLine.supportedBaudRates.filter { (1_200...115_200).contains($0) }
            field.error(
                "`\(text)` is no supported baud rate",
                hint: "For example \(known.map(String.init).joined(separator: ", ")).")
            return
        }
        line.baud = baud
    }

    private func setFormat(_ text: String, of line: inout SerialLine, _ field: Field) {
        let letters = Array(text)
        guard letters.count == 3, "78".contains(letters[0]),
            let parity = SerialLine.Parity(rawValue: String(letters[1])),
            let stopBits = ["1": 1, "2": 2][letters[2]]
        else {
            field.error("`\(text)` is no serial format", hint: "Data bits, parity, stop bits: 8E1, 8N1, 8N2 or 8O1.")
            return
        }
        guard letters[0] == "8" else {
            field.error("RTU needs 8 data bits, not 7", hint: "7 bits belong to Modbus ASCII, which is not supported.")
            return
        }
        line.parity = parity
        line.stopBits = stopBits
    }

    /// Field rule P13: a numbered name moves to another adapter after a restart.
    private func warnAboutUnstableName(_ device: String, _ field: Field) {
        guard device.hasPrefix("/dev/ttyUSB") || device.hasPrefix("/dev/ttyACM") else { return }
        var hint = "Use the name under /dev/serial/by-id/, which stays with the adapter."
        let folder = "/dev/serial/by-id"
        if files.facts(folder)?.isFolder == true, let real = files.realPath(device) {
            do throws(FileFault) {
                let name = try files.names(in: folder).first { files.realPath("\(folder)/\($0)") == real }
                if let name { hint = "Use \(folder)/\(name), which stays with the adapter." }
            } catch {
                hint += " It could not be looked up: \(error)."
            }
        }
        field.warning("\(device) may name another adapter after a restart", hint: hint)
    }

    /// Writes an issue for each bus at the end of which another bus already is (field rules P12, P17).
    func checkEndpoints(_ buses: [(settings: BusSettings, field: Field)]) {
        var owners: [String: Identifier] = [:]
        for (settings, field) in buses {
            let key: String =
                switch settings.endpoint {
                case .tcp(let host, let port), .rtuOverTCP(let host, let port, _): "\(host):\(port)"
                case .rtu(let device, _): files.realPath(device) ?? device
                }
            if let owner = owners[key] {
                field.keyError(
                    "bus `\(owner)` already uses \(key)",
                    hint: "One bus serves all units behind an endpoint: name bus \(owner) in their machines.")
            } else {
                owners[key] = settings.id
            }
        }
    }
}
