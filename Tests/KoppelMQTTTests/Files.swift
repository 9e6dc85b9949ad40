import Foundation

func write(_ text: String, to path: String) throws {
    let file = try FileHandle(forWritingTo: URL(filePath: path))
    try file.truncate(atOffset: 0)
    try file.write(contentsOf: Data(text.utf8))
    try file.close()
}

func setMode(_ mode: Int, of path: String) throws {
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
}

/// A folder that is removed when `body` returns.
func withFolder<Value>(_ body: (String) async throws -> Value) async throws -> Value {
    let folder = FileManager.default.temporaryDirectory.path() + "koppel-mqtt-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }  // a file left in /tmp harms nobody
    return try await body(folder)
}

/// Writes several files into one.
func join(_ paths: [String], to path: String) throws {
    let data = try paths.map { try Data(contentsOf: URL(filePath: $0)) }
    try data.reduce(into: Data()) { $0 += $1 }.write(to: URL(filePath: path))
}

func replace(_ path: String, with other: String) throws {
    let data = try Data(contentsOf: URL(filePath: other))
    try data.write(to: URL(filePath: path))
}
