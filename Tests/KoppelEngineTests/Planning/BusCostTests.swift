import KoppelCore
import Testing

@testable import KoppelEngine

struct BusCostTests {
    struct Vector: CustomTestStringConvertible, Sendable {
        let testDescription: String
        var cost = BusCost.serial(SerialLine())
        var table = RegisterTable.holdingRegister
        let count: Int
        var timing = UnitTiming()
        let microseconds: Int
    }

    // 9600 8E1 has 11 bits a character: 1,145.8 µs, and a silence of 3.5 of them: 4,010.4 µs.
    static let vectors = [
        Vector(testDescription: "one register at 9600 8E1 is 15 characters", count: 1, microseconds: 30_208),
        Vector(testDescription: "125 registers at 9600 8E1 are 263 characters", count: 125, microseconds: 314_375),
        Vector(testDescription: "P31b: eight coils are one byte", table: .coil, count: 8, microseconds: 29_062),
        Vector(testDescription: "P31b: nine coils are two bytes", table: .coil, count: 9, microseconds: 30_208),
        Vector(
            testDescription: "above 19,200 baud the silence is 1.75 ms",
            cost: .serial(SerialLine(baud: 115_200, parity: .none), turnaround: .zero), count: 1, microseconds: 4_802),
        Vector(
            testDescription: "the unit's pause comes on top", count: 1,
            timing: UnitTiming(pauseBeforeRequest: .milliseconds(20)), microseconds: 50_208),
        Vector(testDescription: "over TCP a register is 4 µs", cost: .tcp(), count: 100, microseconds: 2_400),
        Vector(
            testDescription: "a measured round trip replaces the assumed one",
            cost: .tcp(roundTrip: .milliseconds(12)), count: 100, microseconds: 12_400),
        Vector(
            testDescription: "a serial device server is a line behind a connection",
            cost: BusCost(.rtuOverTCP(host: "gateway", port: 4_001)), count: 1, microseconds: 32_208),
        Vector(
            testDescription: "a serial device server costs what the line in its url costs",
            cost: BusCost(
                .rtuOverTCP(host: "gateway", port: 4_001, line: SerialLine(baud: 115_200, parity: .none))),
            count: 1, microseconds: 11_802),
    ]

    @Test(arguments: vectors)
    func `a read costs`(_ vector: Vector) {
        let time = vector.cost.time(of: vector.table, count: vector.count, timing: vector.timing)
        #expect(Int((time.inSeconds * 1_000_000).rounded()) == vector.microseconds)
    }

    @Test func `only a serial line is known well enough to refuse a plan`() {
        #expect(!BusCost(.rtu(device: "/dev/ttyS0", line: SerialLine())).isEstimate)
        #expect(BusCost(.tcp(host: "plc", port: 502)).isEstimate)
        #expect(BusCost(.rtuOverTCP(host: "plc", port: 502)).isEstimate)
    }
}
