import Foundation
import KoppelCore
import Testing

@testable import KoppelAgent

/// The number of the last birth survives the process, whatever has become of its file.
struct BirthNumberFileTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "births-\(UUID().uuidString)")
    private let scada: Identifier

    init() throws {
        scada = try #require(Identifier("scada"))
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private func file() -> BirthNumberFile { BirthNumberFile(folder: folder.path(), destination: scada) }

    @Test func `the last number is found again, and there is none before the first`() async throws {
        defer { remove() }
        #expect(await file().load() == nil)
        for number in [UInt8(0), 7, 255] {
            await file().keep(number)
            #expect(await file().load() == number)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path()) == ["sparkplug-scada.bdseq"])
    }

    @Test(arguments: ["", "256", "-1", "seven", String(repeating: "1", count: 1_000)])
    func `a file that makes no sense counts as none`(text: String) async throws {
        defer { remove() }
        try Data(text.utf8).write(to: folder.appending(path: "sparkplug-scada.bdseq"))
        #expect(await file().load() == nil)
        await file().keep(3)
        #expect(await file().load() == 3)
    }

    @Test func `a folder that is gone ends nothing`() async throws {
        remove()
        await file().keep(3)
        #expect(await file().load() == nil)
    }

    private func remove() { try? FileManager.default.removeItem(at: folder) }  // a left-over folder harms nobody
}
