internal import Foundation
package import KoppelConfig

/// Finds the device library that came with the program.
package enum ShippedProfiles {
    /// The folder: `../share/koppel/devices` beside an installed program, else a `Devices` folder above it (a build of
    /// our own), else one in the current folder. `nil` if there is none.
    package static func folder(files: some ConfigFiles) -> String? {
        let program = files.realPath("/proc/self/exe") ?? CommandLine.arguments.first ?? "koppel"
        var folder = URL(fileURLWithPath: program).deletingLastPathComponent()
        var candidates = [folder.appendingPathComponent("../share/koppel/devices").standardized.path]
        for _ in 0..<6 {
            candidates.append(folder.appendingPathComponent("Devices").path)
            folder = folder.deletingLastPathComponent()
        }
        candidates.append("Devices")
        return candidates.first { files.facts($0)?.isFolder == true }
    }
}
