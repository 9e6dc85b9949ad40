internal import KoppelCore

/// Reads `rtu:/dev/...?baud=9600&format=8E1`, with the settings of the line.
struct SerialReader {
    /// What may stand after the question mark.
    static let settings = [
        "baud", "format", "rs485", "rts-on-send", "delay-before-send", "delay-after-send",
    ]
    /// The longest delay of a direction switch.
    static let longestDelay = 100

    let files: any ConfigFiles
    let field: Field

    /// Reads what follows `rtu:`.
    func read(_ text: String) -> BusEndpoint? {
        let halves = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let device = String(halves[0])
        guard device.hasPrefix("/"), device.count > 1, !FilePath.climbs(device) else {
            field.error(
                "`\(device)` is no serial device", hint: "For example rtu:/dev/serial/by-id/NAME?baud=9600&format=8E1.")
            return nil
        }
        let line = readLine(halves.count == 2 ? halves[1] : "", known: Self.settings)
        warnAboutLateSwitch(line)
        warnAboutUnstableName(device)
        return .rtu(device: device, line: line)
    }

    /// Reads `baud=9600&format=8E1`; only the settings that are known here are allowed.
    func readLine(_ text: Substring, known: [String]) -> SerialLine {
        var values: [String: String] = [:]
        for option in text.split(separator: "&") {
            let parts = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            if !known.contains(name) {
                field.error("unknown setting `\(name)` of a serial line", hint: suggestion(for: name, in: known))
            } else if values.updateValue(parts.count == 2 ? String(parts[1]) : "", forKey: name) != nil {
                field.error("`\(name)` stands twice in this url", hint: "Leave one of them.")
            }
        }
        var line = SerialLine()
        if let text = values["baud"] { setBaud(text, of: &line) }
        if let text = values["format"] { setFormat(text, of: &line) }
        line.rs485 = directionControl(values)
        return line
    }

    private func setBaud(_ text: String, of line: inout SerialLine) {
        guard let baud = Int(text), SerialLine.supportedBaudRates.contains(baud) else {
            let known = SerialLine.supportedBaudRates.filter { (1_200...115_200).contains($0) }
            field.error(
                "`\(text)` is no supported baud rate",
                hint: "For example \(known.map(String.init).joined(separator: ", ")).")
            return
        }
        line.baud = baud
    }

    private func setFormat(_ text: String, of line: inout SerialLine) {
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

    // MARK: Direction control

    private func directionControl(_ values: [String: String]) -> RS485? {
        guard flag("rs485", values) == true else {
            for name in Self.settings.dropFirst(3) where values[name] != nil {
                field.error("`\(name)` needs rs485=true", hint: "It belongs to direction control by the kernel.")
            }
            return nil
        }
        return RS485(
            rtsOnSend: flag("rts-on-send", values) ?? true, delayBeforeSend: delay("delay-before-send", values),
            delayAfterSend: delay("delay-after-send", values))
    }

    private func flag(_ name: String, _ values: [String: String]) -> Bool? {
        switch values[name] {
        case nil: return nil
        case "true": return true
        case "false": return false
        case .some(let text):
            field.error("`\(name)` is true or false, not `\(text)`")
            return nil
        }
    }

    /// A delay in whole milliseconds, as the kernel takes it.
    private func delay(_ name: String, _ values: [String: String]) -> Duration {
        guard let text = values[name] else { return .zero }
        guard text.hasSuffix("ms"), let count = Int(text.dropLast(2)), (0...Self.longestDelay).contains(count) else {
            field.error("`\(text)` is no \(name)", hint: "0ms to \(Self.longestDelay)ms, in whole milliseconds.")
            return .zero
        }
        return .milliseconds(count)
    }

    /// Field rule P05. A unit may answer 3.5 characters after the request; how much longer it takes is not known here.
    private func warnAboutLateSwitch(_ line: SerialLine) {
        guard let delay = line.rs485?.delayAfterSend, delay > line.frameSilence else { return }
        let silence = Double(line.frameSilence.wholeNanoseconds / 10_000) / 100
        field.warning(
            "with delay-after-send \(plain(delay)) the start of a fast answer is lost: units may answer after \(silence) ms",
            hint: "Leave delay-after-send out: the driver waits for the last bit by itself.")
    }

    /// Field rule P13: a numbered name moves to another adapter after a restart.
    private func warnAboutUnstableName(_ device: String) {
        guard device.hasPrefix("/dev/ttyUSB") || device.hasPrefix("/dev/ttyACM") else { return }
        var hint = "Use the name under /dev/serial/by-id/, which stays with the adapter."
        // An adapter without a serial number of its own has a name by the socket it is in.
        for (folder, owner) in [("/dev/serial/by-id", "adapter"), ("/dev/serial/by-path", "USB socket")] {
            guard files.facts(folder)?.isFolder == true, let real = files.realPath(device) else { continue }
            do throws(FileFault) {
                let name = try files.names(in: folder).first { files.realPath("\(folder)/\($0)") == real }
                guard let name else { continue }
                hint = "Use \(folder)/\(name), which stays with the \(owner)."
                break
            } catch {
                hint += " It could not be looked up: \(error)."
            }
        }
        field.warning("\(device) may name another adapter after a restart", hint: hint)
    }
}
