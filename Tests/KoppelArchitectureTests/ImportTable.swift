/// Who may import whom: the project's layers as a table. Arrows point down only.
///
/// A row holds everything a target may import besides the standard library. `Synchronization` and `Glibc` are listed
/// where they are needed, so that a pure target shows as pure.
struct ImportTable: Sendable {
    struct Row: Sendable, CustomStringConvertible {
        let target: String
        let modules: Set<String>

        var description: String { target }
    }

    static let rows: [Row] = [
        // 0: C, which imports nothing of ours.
        Row(target: "CLibmodbus", modules: []),
        Row(target: "CLibmosquitto", modules: []),
        Row(target: "CLinuxShims", modules: []),
        // 1: values, ports, pure rules.
        Row(target: "KoppelCore", modules: []),
        // 2: one thread per blocking handle.
        Row(target: "KoppelExecutor", modules: ["CLinuxShims", "Glibc", "Synchronization"]),
        // 3: adapters, which know neither each other nor the engine. Only KoppelConfig knows YAML.
        Row(target: "KoppelConfig", modules: ["KoppelCore", "Yams", "Foundation"]),
        Row(
            target: "KoppelModbus",
            modules: [
                "KoppelCore", "KoppelExecutor", "CLibmodbus", "CLinuxShims", "Glibc", "Logging", "Synchronization",
            ]),
        Row(
            target: "KoppelMQTT",
            modules: [
                "KoppelCore", "KoppelExecutor", "CLibmosquitto", "CLinuxShims", "Glibc", "Logging", "Synchronization",
            ]),
        Row(
            target: "KoppelJournal",
            modules: [
                "KoppelCore", "KoppelExecutor", "GRDB", "Foundation", "FoundationEssentials", "Glibc", "Logging",
                "Synchronization",
            ]),
        Row(target: "KoppelDialects", modules: ["KoppelCore", "SwiftProtobuf"]),
        // 4: the engine, which knows no C library, no YAML and no SQL.
        Row(
            target: "KoppelEngine",
            modules: ["KoppelCore", "Crypto", "Logging", "ServiceLifecycle", "Synchronization"]),
        Row(target: "KoppelWeb", modules: ["KoppelCore", "Hummingbird", "Logging"]),
        // 5: the one place where parts are wired together.
        Row(
            target: "KoppelAgent",
            modules: [
                "KoppelCore", "KoppelExecutor", "KoppelConfig", "KoppelModbus", "KoppelMQTT", "KoppelJournal",
                "KoppelDialects", "KoppelEngine", "KoppelWeb", "CLinuxShims", "Foundation", "Glibc", "Logging",
                "ServiceLifecycle", "Synchronization", "UnixSignals",
            ]),
        // 6: the command line.
        Row(
            target: "koppel",
            modules: [
                "KoppelCore", "KoppelConfig", "KoppelAgent", "ArgumentParser", "Foundation", "Glibc", "Logging",
                "ServiceLifecycle", "Subprocess", "Synchronization",
            ]),
        // For tests only.
        Row(
            target: "KoppelTestKit",
            modules: [
                "KoppelCore", "KoppelExecutor", "CLinuxShims", "Foundation", "Glibc", "Subprocess", "Synchronization",
                "Testing",
            ]),
    ]

    /// The module a line imports, without submodule; `nil` if the line is no import.
    static func module(importedBy line: String) -> String? {
        let words = line.split(separator: " ")
        guard let place = words.firstIndex(of: "import") else { return nil }
        let modifiers: Set<Substring> = ["internal", "package", "public", "private", "fileprivate"]
        guard words[..<place].allSatisfy({ $0.hasPrefix("@") || modifiers.contains($0) }) else { return nil }
        let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "typealias", "func", "let", "var"]
        return words[(place + 1)...].first { !kinds.contains($0) }.map { String($0.prefix { $0 != "." }) }
    }
}
