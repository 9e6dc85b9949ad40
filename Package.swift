// swift-tools-version: 6.2
import PackageDescription

// The settings every target of ours is built with. Each upcoming feature becomes the default in a later
// language version; turning them on now means that no file changes its meaning then.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
]

// Targets that touch C also have to say `unsafe` where they do.
let borderSettings = settings + [.strictMemorySafety()]

let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let log: Target.Dependency = .product(name: "Logging", package: "swift-log")
let signals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let subprocess: Target.Dependency = .product(name: "Subprocess", package: "swift-subprocess")

// Files the tests read from the source tree, which are therefore no part of their bundles.
let testData = [
    "KoppelCommandTests": ["Exports", "Golden"], "KoppelConfigTests": ["Fixtures"], "KoppelDialectsTests": ["Golden"],
    "KoppelEngineTests": ["Sparkplug/Assertions"],
    "KoppelFloorTests": ["Scenarios"], "KoppelModbusTests": ["Transcripts"],
]

let package = Package(
    name: "koppel",
    products: [.executable(name: "koppel", targets: ["koppel"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "3.12.3"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
    ],
    targets: [
        // 0: C
        .systemLibrary(name: "CLibmodbus", pkgConfig: "libmodbus", providers: [.apt(["libmodbus-dev"])]),
        .systemLibrary(name: "CLibmosquitto", pkgConfig: "libmosquitto", providers: [.apt(["libmosquitto-dev"])]),
        .target(name: "CLinuxShims"),
        // 1: values, ports, pure rules
        .target(name: "KoppelCore", swiftSettings: settings),
        // 2: one thread per blocking handle
        .target(name: "KoppelExecutor", dependencies: ["CLinuxShims"], swiftSettings: borderSettings),
        // 3: adapters
        .target(
            name: "KoppelConfig", dependencies: ["KoppelCore", .product(name: "Yams", package: "Yams")],
            swiftSettings: settings),
        .target(
            name: "KoppelModbus", dependencies: ["KoppelCore", "KoppelExecutor", "CLibmodbus", "CLinuxShims", log],
            swiftSettings: borderSettings),
        .target(
            name: "KoppelMQTT", dependencies: ["KoppelCore", "KoppelExecutor", "CLibmosquitto", "CLinuxShims", log],
            swiftSettings: borderSettings),
        .target(
            name: "KoppelJournal",
            dependencies: ["KoppelCore", "KoppelExecutor", .product(name: "GRDB", package: "GRDB.swift"), log],
            swiftSettings: settings),
        .target(
            name: "KoppelDialects",
            dependencies: ["KoppelCore", .product(name: "SwiftProtobuf", package: "swift-protobuf")],
            exclude: ["Sparkplug/Wire/sparkplug_b.proto"], swiftSettings: settings),
        // 4: the engine
        .target(name: "KoppelEngine", dependencies: ["KoppelCore", crypto, log], swiftSettings: settings),
        // 5: the composition root
        .target(
            name: "KoppelAgent",
            dependencies: [
                "KoppelCore", "KoppelExecutor", "KoppelConfig", "KoppelModbus", "KoppelMQTT", "KoppelJournal",
                "KoppelDialects", "KoppelEngine", "CLinuxShims", log, signals,
            ],
            swiftSettings: settings),
        // 6: the command line
        .executableTarget(
            name: "koppel",
            dependencies: [
                "KoppelCore", "KoppelConfig", "KoppelAgent", subprocess, log,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings),
        // Tests
        .target(
            name: "KoppelTestKit", dependencies: ["KoppelCore", "KoppelExecutor", "CLinuxShims", subprocess],
            swiftSettings: settings),
    ]
        + [
            ("KoppelCoreTests", ["KoppelCore"]),
            ("KoppelExecutorTests", ["KoppelExecutor"]),
            ("KoppelConfigTests", ["KoppelCore", "KoppelConfig"]),
            ("KoppelModbusTests", ["KoppelCore", "KoppelExecutor", "KoppelModbus", "CLibmodbus"]),
            ("KoppelMQTTTests", ["KoppelCore", "KoppelExecutor", "KoppelMQTT"]),
            ("KoppelJournalTests", ["KoppelCore", "KoppelJournal", .product(name: "GRDB", package: "GRDB.swift")]),
            ("KoppelDialectsTests", ["KoppelCore", "KoppelDialects"]),
            ("KoppelEngineTests", ["KoppelCore", "KoppelDialects", "KoppelModbus", "KoppelEngine", log]),
            ("KoppelDeviceTests", ["KoppelCore", "KoppelConfig", "KoppelEngine", "KoppelAgent"]),
            ("KoppelCommandTests", ["KoppelCore", "KoppelConfig", "KoppelModbus", "KoppelAgent", "koppel"]),
            ("KoppelAgentTests", ["KoppelCore", "KoppelEngine", "KoppelAgent"]),
            ("KoppelArchitectureTests", []),
            ("KoppelFloorTests", ["KoppelCore"]),
        ].map { (name: String, needs: [Target.Dependency]) in
            .testTarget(
                name: name, dependencies: needs + ["KoppelTestKit", subprocess],
                exclude: testData[name] ?? [], swiftSettings: settings)
        }
)
