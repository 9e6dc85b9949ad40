import Testing

struct ImportTests {
    @Test(arguments: ImportTable.rows)
    func `a target imports only what its row of the table allows`(_ row: ImportTable.Row) throws {
        for file in try SourceTree.files(in: "Sources/\(row.target)", extensions: ["swift"]) {
            for (number, line) in file.lines.enumerated() {
                guard let module = ImportTable.module(importedBy: line) else { continue }
                #expect(
                    row.modules.contains(module),
                    "\(file.path):\(number + 1): \(row.target) may not import \(module)")
            }
        }
    }

    @Test func `every target has a row`() throws {
        let targets = Set(ImportTable.rows.map(\.target))
        for folder in try SourceTree.folders(in: "Sources") {
            #expect(targets.contains(folder), "Sources/\(folder) needs a row in ImportTable")
        }
    }

    @Test func `rows point down only`() {
        let order = ImportTable.rows.map(\.target)
        for (place, row) in ImportTable.rows.enumerated() {
            let above = Set(order[place...])
            #expect(row.modules.isDisjoint(with: above), "\(row.target) imports what stands beside or above it")
        }
    }

    @Test(
        arguments: [
            ("import Glibc", "Glibc"), ("internal import KoppelCore", "KoppelCore"),
            ("@testable import KoppelCore", "KoppelCore"), ("@preconcurrency internal import Yams", "Yams"),
            ("import struct Foundation.Date", "Foundation"), ("import Foundation.NSDate", "Foundation"),
            ("// import Glibc", nil), ("let import = 1", nil), ("", nil),
        ] as [(String, String?)])
    func `an import is seen in every form`(line: String, module: String?) {
        #expect(ImportTable.module(importedBy: line) == module)
    }
}
