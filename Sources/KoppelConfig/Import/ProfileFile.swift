package import KoppelCore

/// A profile as the text of a file, with zero-based addresses. What it writes, ``loadProfile(at:files:)`` reads back.
package struct ProfileFile: Sendable {
    package var profile: DeviceProfile
    /// What was checked, for `confidence`.
    package var verified: String
    /// Lines above the profile, without their `#`.
    package var comments: [String]

    package init(profile: DeviceProfile, verified: String, comments: [String] = []) {
        self.profile = profile
        self.verified = verified
        self.comments = comments
    }

    package var text: String {
        var lines = comments.map { $0.isEmpty ? "#" : "# " + Self.oneLine($0) }
        lines += [
            "profile: \(profile.id)", "version: \(profile.version)", "manufacturer: \(quoted(profile.manufacturer))",
            "model: \(quoted(profile.model))", "protocol: modbus", "addressing: zero-based",
        ]
        if let confidence = profile.confidence {
            lines.append("confidence: {level: \(confidence.rawValue), verified: \(quoted(verified, always: true))}")
        }
        if !profile.sources.isEmpty {
            lines.append("sources: [\(profile.sources.map { quoted($0, always: true) }.joined(separator: ", "))]")
        }
        var defaults: [String] = []
        if let timeout = profile.timing.responseTimeout { defaults.append("timeoutMs: \(timeout.wholeMilliseconds)") }
        if let pause = profile.timing.pauseBeforeRequest { defaults.append("pauseMs: \(pause.wholeMilliseconds)") }
        defaults.append("intervalMs: \(profile.interval.wholeMilliseconds)")
        lines.append("defaults: {\(defaults.joined(separator: ", "))}")
        var limits: [String] = []
        if profile.limits.registersPerRequest != UnitLimits().registersPerRequest {
            limits.append("registersPerRequest: \(profile.limits.registersPerRequest)")
        }
        if profile.limits.bitsPerRequest != UnitLimits().bitsPerRequest {
            limits.append("bitsPerRequest: \(profile.limits.bitsPerRequest)")
        }
        if !limits.isEmpty { lines.append("limits: {\(limits.joined(separator: ", "))}") }
        lines.append("points:")
        for point in profile.points { lines += PointFileText(point: point).lines }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func oneLine(_ text: String) -> String {
        String(text.map { $0.isNewline ? " " : $0 })
    }
}

/// A text as YAML writes it: plain where it can be nothing else, else in double quotes.
func quoted(_ text: String, always: Bool = false) -> String {
    let words = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"]
    let isPlain =
        text.utf8.first.map { isLetterOrDigit($0) && !("0"..."9").contains(Character(Unicode.Scalar($0))) } == true
        && text.unicodeScalars.allSatisfy { isPlainScalar($0) } && !text.hasSuffix(" ")
        && !words.contains(text.lowercased())
    if isPlain && !always { return text }
    var result = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": result += "\\\""
        case "\\": result += "\\\\"
        case "\n": result += "\\n"
        case "\t": result += "\\t"
        case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{2028}", "\u{2029}", "\u{FEFF}": result += " "
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result + "\""
}

private func isPlainScalar(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "a"..."z", "A"..."Z", "0"..."9", " ", "-", "_", ".", "/", "(", ")", "+", "³", "²", "°": true
    default: scalar.value >= 0xC0 && scalar.properties.isAlphabetic
    }
}

extension Duration {
    var wholeMilliseconds: Int64 { wholeNanoseconds / 1_000_000 }
}
