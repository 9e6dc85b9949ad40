import KoppelCore
import Testing

@testable import KoppelEngine

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
