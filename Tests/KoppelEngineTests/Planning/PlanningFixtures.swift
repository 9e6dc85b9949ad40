import KoppelCore
import Testing

@testable import KoppelEngine

let unit = UnitID(7)

/// A point named `test/NAME`; with a status it counts while that is 0.
func point(
    _ name: String, _ table: RegisterTable = .holdingRegister, at address: UInt16, _ wire: WireType = .uint16,
    scale: String? = nil, status: String? = nil, group: String? = nil, every interval: Duration? = nil,
    published: Bool = true
) throws -> Point {
    let status = try status.map { try #require(SignalName("test/\($0)")) }
    return Point(
        signal: try #require(SignalName("test/\(name)")), table: table, address: address, wire: wire,
        scaleRegister: try scale.map { try #require(SignalName("test/\($0)")) },
        validWhen: status.map { [ValidityRule(signal: $0, accepted: [0], otherwise: .meaning(.sensorFault))] } ?? [],
        kind: .measurement, sampling: SamplingRule(interval: interval), group: group, published: published)
}

/// `holding 4+6` for the register 4 and the five after it.
func brief(_ reads: [PlannedRead]) -> [String] {
    reads.map { "\($0.request.table.name) \($0.request.start)+\($0.request.count)" }
}
