import KoppelCore
import Testing

/// Shorthand for the tests of this target.
func signal(_ name: String) throws -> SignalName { try #require(SignalName(name)) }

func point(
    _ wire: WireType, name: String = "test/value", table: RegisterTable = .holdingRegister, address: UInt16 = 0,
    order: ByteOrder = .specification, scaling: Scaling = .none, scaleRegister: String? = nil,
    sentinels: [Sentinel] = [], kind: SignalKind = .measurement, range: Band? = nil, limits: Band? = nil,
    enumeration: [Int64: String] = [:], counter: CounterRule? = nil, group: String? = nil, published: Bool = true
) throws -> Point {
    Point(
        signal: try signal(name), table: table, address: address, wire: wire, order: order, scaling: scaling,
        scaleRegister: try scaleRegister.map(signal), sentinels: sentinels, kind: kind, range: range, limits: limits,
        enumeration: enumeration, counter: counter, group: group, published: published)
}

func good(_ value: Value) -> Decoded { Decoded(value: value, condition: .good) }

/// A small generator with a seed, so that a failure can be repeated (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
