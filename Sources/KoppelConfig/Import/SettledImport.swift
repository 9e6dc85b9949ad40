package import KoppelCore

/// A device from another program's file as a profile that `koppel profile check` passes.
package struct SettledImport: Sendable {
    /// `nil` if no point could be carried over.
    package var file: ProfileFile?
    /// Everything that could not be carried over, in the order of the lines.
    package var issues: [ConfigIssue]
    package var carriedOver: Int
    package var leftOut: Int

    /// What the device is called, where its file does not say or says too little.
    package struct Nameplate: Sendable {
        package var manufacturer: String?
        package var model: String?

        package init(manufacturer: String? = nil, model: String? = nil) {
            self.manufacturer = manufacturer
            self.model = model
        }
    }

    /// Points with which the profile would not pass, such as two that read one register in two ways, are left out: of
    /// a pair the later one.
    package init(_ device: ImportedDevice, nameplate: Nameplate) {
        var device = device
        let manufacturer = nameplate.manufacturer ?? device.manufacturer ?? "Unknown"
        let model = nameplate.model ?? device.model ?? device.name
        let source = device.file.split(separator: "/").last.map(String.init) ?? device.file
        let verified = "imported from \(source); not tried on a device"
        var profile = DeviceProfile(
            id: profileID(manufacturer: manufacturer, model: model), version: "0.1.0", manufacturer: manufacturer,
            model: model, limits: device.limits, timing: device.timing, interval: device.interval,
            points: device.points.map(\.point), confidence: .low, sources: [source])
        while !profile.points.isEmpty {
            let text = ProfileFile(profile: profile, verified: verified).text
            let load = loadProfile(at: device.file, files: TextFile(text: text))
            let reasons = Self.reasons(load.issues)
            if load.profile != nil { break }
            if reasons.isEmpty {
                // What names no point concerns all of them, for example a profile that grows too large.
                device.issues += load.issues.filter { $0.severity == .error }
                device.leftOut += device.points.count
                device.points = []
            }
            device.leaveOut(reasons)
            profile.points = device.points.map(\.point)
        }
        carriedOver = device.points.count
        leftOut = device.leftOut
        issues = device.issues.sorted { $0.position < $1.position }
        guard !profile.points.isEmpty else { return }
        file = ProfileFile(
            profile: profile, verified: verified,
            comments: [
                "Imported from \(source). Nothing here was tried on a device: compare every value with its display,",
                "write vectors, and then raise the confidence and the version.",
            ])
    }

    /// By the name of the signal, from the paths of the issues: `points.electrical/voltage.address`.
    private static func reasons(_ issues: [ConfigIssue]) -> [String: String] {
        var reasons: [String: String] = [:]
        for issue in issues where issue.severity == .error {
            let parts = issue.path.split(separator: ".")
            guard parts.first == "points", parts.count >= 2 else { continue }
            if reasons[String(parts[1])] == nil { reasons[String(parts[1])] = issue.sentence }
        }
        return reasons
    }
}

extension ImportedDevice {
    fileprivate mutating func leaveOut(_ reasons: [String: String]) {
        let refused = points.filter { reasons[$0.point.signal.description] != nil }
        points.removeAll { reasons[$0.point.signal.description] != nil }
        for found in refused {
            // What it would have come over without does not matter any more.
            issues.removeAll { $0.path == found.subject && $0.position == found.position }
            leaveOut(found.subject, at: found.position, because: reasons[found.point.signal.description] ?? "")
        }
    }
}

/// `vendor-model`, at most 32 characters.
package func profileID(manufacturer: String, model: String) -> Identifier {
    let text = [manufacturer, model].map(SignalNaming.slug).filter { !$0.isEmpty }.joined(separator: "-")
    return Identifier(SignalNaming.slug(text)) ?? .imported
}

extension Identifier {
    fileprivate static var imported: Identifier {
        guard let id = Identifier("imported") else { preconditionFailure("the name is valid") }
        return id
    }
}

/// A file that is only in memory.
private struct TextFile: ConfigFiles {
    let text: String
    var user: UInt32 { 0 }

    func read(_ path: String, limit: Int) throws(FileFault) -> [UInt8] { Array(text.utf8) }
    func names(in folder: String) throws(FileFault) -> [String] { [] }
    func realPath(_ path: String) -> String? { path }
    func facts(_ path: String) -> FileFacts? { nil }
}
