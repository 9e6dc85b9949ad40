import KoppelCore
import Testing

struct ScalingTests {
    @Test(arguments: [
        (0.1, Scaling(numerator: 1, denominator: 10)), (0.001, Scaling(numerator: 1, denominator: 1_000)),
        (0.000_001, Scaling(numerator: 1, denominator: 1_000_000)), (1, .none), (10, Scaling(numerator: 10)),
        (0.25, Scaling(numerator: 0.25)), (0.2, Scaling(numerator: 0.2)),
    ])
    func `a scale of one over a power of ten is kept as that power`(scale: Double, scaling: Scaling) {
        #expect(Scaling(scale: scale, offset: 0) == scaling)
    }

    @Test func `the type after scaling is what the number then is`() throws {
        let tenths = Scaling(scale: 0.1, offset: 0)
        #expect(try point(.int16).dataType == .int16)
        #expect(try point(.int16, scaling: tenths).dataType == .double)
        #expect(try point(.int16, scaleRegister: "scale/value").dataType == .double)
        #expect(try point(.float32, scaling: tenths).dataType == .float)
        #expect(try point(.bcd(registers: 2)).dataType == .uint32)
        #expect(try point(.bit(3)).dataType == .boolean)
    }

    @Test func `a value takes the type it is given`() {
        #expect(DataType.int16.value(nearest: 2.5) == .int(3))
        #expect(DataType.uint16.value(nearest: -1) == .uint(0))
        #expect(DataType.float.value(nearest: 1e300) == nil)
        #expect(DataType.double.value(nearest: .nan) == nil)
        #expect(DataType.string.value(nearest: 1) == nil)
    }
}
