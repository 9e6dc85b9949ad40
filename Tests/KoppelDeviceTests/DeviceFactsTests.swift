import Foundation
import KoppelConfig
import KoppelCore
import KoppelTestKit
import Testing

/// The facts about devices lie beside the project where it is developed; a clone elsewhere has none to compare with.
@Suite(.enabled(if: SharedFolder.has("device-facts"), "no ../shared/device-facts beside the project"))
struct DeviceFactsTests {
    /// Where a profile does not have the name of its facts: one that gives a vendor alone, and a model that no id can be.
    private static let named = ["universal-robots": ["universal-robots/ur"]]

    @Test func `facts of high or medium confidence each have a profile with vectors, no surer than they are`() throws {
        let folder = SharedFolder.path("device-facts")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".yaml") }
        #expect(names.count >= 56)
        for name in names {
            let facts = try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
            let level = try #require(confidence(of: facts), "\(name) has no confidence")
            guard level != .low else { continue }
            let stem = String(name.dropLast(".yaml".count))
            let ids = Self.named[stem]
            let devices = Device.all.filter { ids?.contains($0.id) ?? ($0.id.replacing("/", with: "-") == stem) }
            #expect(devices.count == ids?.count ?? 1, "\(stem) has no profile")
            for device in devices {
                let own = try #require(Device.library.load(device.id).profile?.confidence)
                #expect(own == level || level == .high, "\(device.id) claims \(own), its facts \(level)")
                #expect(!device.recorded.isEmpty, "\(device.id) has no vectors")
            }
        }
    }

    /// The `level` below `confidence`, which is all that is needed of the file.
    private func confidence(of facts: String) -> DeviceProfile.Confidence? {
        let lines = facts.split(separator: "\n").drop { $0 != "confidence:" }.dropFirst()
        let level = lines.prefix { $0.hasPrefix(" ") }.first { $0.hasPrefix("  level: ") }
        return level.flatMap { DeviceProfile.Confidence(rawValue: String($0.dropFirst("  level: ".count))) }
    }
}
