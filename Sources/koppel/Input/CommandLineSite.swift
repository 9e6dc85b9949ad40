internal import Foundation
internal import KoppelConfig
internal import KoppelCore

/// A site of one bus, with one machine or none, that is described on the command line, so that it is read and checked
/// by the same rules as one in a file.
struct CommandLineSite {
    var bus: String
    var machine: (unit: Int, profile: String)?
    /// Which of several SunSpec devices behind the unit id; `nil` for the first one that fits.
    var device: Int?

    /// The option for each key of the site file that the command line stands for.
    private static let options = [
        "url": "--bus", "unit": "--unit", "profile": "--profile", "device": "--device", "sunspec": "--device",
    ]

    /// Issues of the command line name the option they are about.
    func load(library: ProfileLibrary) -> SiteLoad {
        let files = FilesWithText(text(library: library), at: "command line", beside: DiskFiles())
        var load = loadSite(at: files.path, library: library, files: files)
        load.issues = load.issues.map { issue in
            guard issue.file == files.path else { return issue }
            var issue = issue
            let option = issue.path.split(separator: ".").last.map(String.init) ?? ""
            issue.path = Self.options[option] ?? issue.path
            return issue
        }
        return load
    }

    /// Quoted as JSON, which is YAML too, so that nothing given can be anything but a value.
    private func text(library: ProfileLibrary) -> String {
        var text = """
            koppel: 1
            agent: {id: command-line, location: {enterprise: local, site: local}}
            buses: {command-line: {url: \(quoted(bus))}}

            """
        guard let (unit, profile) = machine else { return text }
        // A path may lead anywhere here, since the person who gives it also gives the site.
        let files = DiskFiles()
        let isFile = library.path(of: profile) == nil && files.facts(profile)?.isFolder == false
        let place = isFile ? files.realPath(profile) ?? profile : profile
        let choice = device.map { ", sunspec: {device: \($0)}" } ?? ""
        text += "machines: {machine: {bus: command-line, unit: \(unit), profile: \(quoted(place))\(choice)}}\n"
        return text
    }

    private func quoted(_ text: String) -> String {
        let escaped = text.unicodeScalars.map { scalar -> String in
            switch scalar {
            case "\"": "\\\""
            case "\\": "\\\\"
            case _ where scalar.value < 0x20: "\\x" + String(scalar.value + 0x100, radix: 16).dropFirst()
            default: String(scalar)
            }
        }
        return "\"\(escaped.joined())\""
    }
}
