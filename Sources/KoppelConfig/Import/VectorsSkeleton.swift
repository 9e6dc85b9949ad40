package import KoppelCore

/// A vectors file for a profile nobody has tried yet: empty, with an example of its own registers to fill in.
package func vectorsSkeleton(for profile: DeviceProfile, profilePath: String) -> String {
    var lines = [
        "# Read the device and put here what it sent and what its display showed:",
        "#   koppel read --bus tcp://HOST:502 --unit 1 --profile \(profilePath) --raw",
        "profile: \(profile.id)", "vectors: []",
    ]
    guard let point = profile.points.first else { return lines.joined(separator: "\n") + "\n" }
    let words = Array(repeating: point.table.isBits ? "0" : "0x0000", count: point.wire.registers)
    let unit = point.unit.map { ", unit: \(quoted($0.ucum, always: true))" } ?? ""
    lines += [
        "# For example, in place of []:", "#   - name: as found",
        "#     words: {\(point.table.name): {\(point.address): [\(words.joined(separator: ", "))]}}",
        "#     expect:", "#       \(point.signal): {value: 0\(unit)}",
    ]
    return lines.joined(separator: "\n") + "\n"
}
