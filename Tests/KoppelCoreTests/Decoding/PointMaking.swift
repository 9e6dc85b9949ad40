import KoppelCore
import Testing

/// Shorthand for the tests of this target.
func signal(_ name: String) throws -> SignalName { try #require(SignalName(name)) }

func point(
    _ wire: WireType, name: String = "test/value", table: RegisterTable = .holdingRegister, address: UInt16 = 0,
    order: ByteOrder = .specification, scaling: Scaling = .none, scaleRegister: String? = nil,
    sentinels: [Sentinel] = [], validWhen: [ValidityRule] = [], kind: SignalKind = .measurement, range: Band? = nil,
    limits: Band? = nil,
    enumeration: [Int64: String] = [:], counter: CounterRule? = nil, group: String? = nil, published: Bool = true
) throws -> Point {
    Point(
        signal: try signal(name), table: table, address: address, wire: wire, order: order, scaling: scaling,
        scaleRegister: try scaleRegister.map(signal), sentinels: sentinels, validWhen: validWhen, kind: kind,
        range: range, limits: limits,
        enumeration: enumeration, counter: counter, group: group, published: published)
}

func good(_ value: Value) -> Decoded { Decoded(value: value, condition: .good) }
