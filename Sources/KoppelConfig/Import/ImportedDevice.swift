package import KoppelCore

/// One device found in a file of another program: what could be carried over, and what could not and why.
///
/// At most 10,000 points, the most a profile may have.
package struct ImportedDevice: Sendable {
    /// A point with the place it comes from.
    package struct Found: Sendable {
        package var point: Point
        package var position: SourcePosition
        /// What the file calls it.
        package var subject: String
        /// The point as the file had it.
        let register: FoundRegister
    }

    /// How the file tells it from others; what `--device` names.
    package var name: String
    /// The bus as a site file would name it and the unit id, if the file says.
    package var bus: String?
    package var unit: Int?
    package var manufacturer: String?
    package var model: String?
    package var timing = UnitTiming()
    package var interval = Duration.seconds(1)
    package var limits = UnitLimits()
    package var points: [Found] = []
    /// What could not be carried over, each with its line and the reason.
    package var issues: [ConfigIssue] = []
    /// Points that were left out whole; what is only told without something is not counted.
    package var leftOut = 0

    let file: String
    var naming = SignalNaming()

    init(name: String, file: String) {
        self.name = name
        self.file = file
    }

    /// A point that does not come over.
    mutating func leaveOut(_ subject: String, at position: SourcePosition, because reason: String, hint: String? = nil)
    {
        leftOut += 1
        note(subject, at: position, "left out: " + reason, hint: hint)
    }

    /// Something about a point, or about the device, that does not come over.
    mutating func note(_ subject: String, at position: SourcePosition, _ sentence: String, hint: String? = nil) {
        issues.append(
            ConfigIssue(
                file: file, position: position, path: subject, severity: .warning, sentence: sentence, hint: hint))
    }
}

/// Everything that was found in a file.
package struct ImportResult: Sendable {
    package var devices: [ImportedDevice] = []
    /// What concerns no device, or keeps the file from being read.
    package var issues: [ConfigIssue] = []

    package var hasErrors: Bool { issues.contains { $0.severity == .error } }

    init(devices: [ImportedDevice] = [], issues: [ConfigIssue] = []) {
        self.devices = devices
        self.issues = issues
    }

    /// A file that cannot be read.
    init(file: String, _ fault: SyntaxFault) {
        issues = [
            ConfigIssue(
                file: file, position: fault.position, path: "", severity: .error, sentence: fault.sentence,
                hint: fault.hint)
        ]
    }

    /// A device by its name, or by the first part of it if that names only one.
    package func device(_ name: String) -> ImportedDevice? {
        if let device = devices.first(where: { $0.name == name }) { return device }
        let starting = devices.filter { $0.name.hasPrefix(name + "/") }
        return starting.count == 1 ? starting[0] : nil
    }
}

/// Reads a file of another program. A spreadsheet needs answers first: ``RegisterSheet``.
package func importDevices(_ bytes: [UInt8], file: String, format: ImportFormat) -> ImportResult {
    let text: String
    switch ImportText.utf8(bytes) {
    case .success(let read): text = read
    case .failure(let fault): return ImportResult(file: file, fault)
    }
    do throws(SyntaxFault) {
        switch format {
        case .wot: return ThingImport(file: file).read(try JSONReader.document(text))
        case .telegraf: return TelegrafImport(file: file).read(try TOMLReader.document(text))
        case .homeAssistant:
            let log = IssueLog()
            let plain = try ScalarAliases(writingOut: text).text
            let document = DocumentParser(file: file, issues: log).parse(Array(plain.utf8))
            guard let document, !log.hasErrors else { return ImportResult(issues: log.sorted()) }
            return HomeAssistantImport(file: file, text: plain).read(document)
        case .csv: throw SyntaxFault(position: .start, sentence: "a spreadsheet is read with its columns")
        }
    } catch {
        return ImportResult(file: file, error)
    }
}
