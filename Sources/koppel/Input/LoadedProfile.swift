internal import KoppelConfig
internal import KoppelCore

/// A profile with the file it came from.
struct LoadedProfile {
    var profile: DeviceProfile
    var path: String
}

extension Streams {
    /// Issues of a file that a command needs, on standard error.
    static func tell(issues: [ConfigIssue]) {
        guard !issues.isEmpty else { return }
        tell(String(issues.rendered(.current(descriptor: 2)).dropLast()))
    }
}
