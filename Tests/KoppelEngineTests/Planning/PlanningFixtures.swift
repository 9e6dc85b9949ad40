import KoppelCore
import Testing

@testable import KoppelEngine

/// Repeatable randomness (SplitMix64), so that a failing case can be run again from its printed seed.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

let unit = UnitID(7)

/// A point named `test/NAME`.
func point(
    _ name: String, _ table: RegisterTable = .holdingRegister, at address: UInt16, _ wire: WireType = .uint16,
    scale: String? = nil, group: String? = nil, every interval: Duration? = nil, published: Bool = true
) throws -> Point {
    Point(
        signal: try #require(SignalName("test/\(name)")), table: table, address: address, wire: wire,
        scaleRegister: try scale.map { try #require(SignalName("test/\($0)")) }, kind: .measurement,
        sampling: SamplingRule(interval: interval), group: group, published: published)
}

/// `holding 4+6` for the register 4 and the five after it.
func brief(_ reads: [PlannedRead]) -> [String] {
    reads.map { "\($0.request.table.name) \($0.request.start)+\($0.request.count)" }
}
