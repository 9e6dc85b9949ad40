import KoppelCore
import Testing

/// The rule table of data model 4.2, typed from the document: each row with its reason, code and quality.
struct ConditionTests {
    struct Row: CustomTestStringConvertible {
        let number: Int
        let conditions: [Condition]
        let reasons: [String?]
        let quality: Quality
        let statusCode: UInt32
        var testDescription: String { "row \(number)" }
    }

    static let table: [Row] = [
        row(1, .disabled, "disabled", .bad, 0x808D_0000),
        row(2, .configError, "config-error", .bad, 0x8089_0000),
        row(3, .waiting, "waiting", .bad, 0x8032_0000),
        row(4, .connectionRefused, "connection-refused", .bad, 0x80AC_0000),
        row(5, .illegalFunction, "modbus-illegal-function", .bad, 0x803D_0000),
        row(6, .illegalAddress, "modbus-illegal-address", .bad, 0x8089_0000),
        row(7, .illegalValue, "modbus-illegal-value", .bad, 0x8089_0000),
        row(8, .deviceFailure, "modbus-device-failure", .bad, 0x808B_0000),
        row(9, .acknowledge, "modbus-acknowledge", .uncertain, 0x4090_0000),
        row(10, .busy, "modbus-busy", .bad, 0x80EE_0000),
        row(11, .negativeAcknowledge, "modbus-negative-acknowledge", .bad, 0x803D_0000),
        row(12, .memoryParity, "modbus-memory-parity", .bad, 0x808B_0000),
        row(13, .unknownException, "modbus-unknown-exception", .bad, 0x8001_0000),
        row(14, .gatewayPath, "gateway-path", .bad, 0x8031_0000),
        row(15, .gatewayTarget, "gateway-target", .bad, 0x8031_0000),
        row(16, .timeout, "timeout", .bad, 0x800A_0000),
        row(17, .staleCommunication, "no-communication", .uncertain, 0x408F_0000),
        row(18, .noCommunication, "no-communication", .bad, 0x8031_0000),
        row(19, .frameError, "frame-error", .bad, 0x8005_0000),
        row(20, .decodeError, "decode-error", .bad, 0x8007_0000),
        row(21, .unmappedState, "unmapped-state", .bad, 0x8074_0000),
        row(22, .notSupported, "sentinel-not-supported", .bad, 0x803D_0000),
        row(23, .sensorFault, "sensor-fault", .bad, 0x808C_0000),
        row(24, .outOfLimits, "out-of-limits", .bad, 0x803C_0000),
        row(25, .sensorLimit, "sensor-limit", .uncertain, 0x4093_0000),
        row(26, .outOfRange, "out-of-range", .uncertain, 0x4094_0000),
        Row(
            number: 27, conditions: [.implausibleRate, .counterReset, .derived],
            reasons: ["implausible-rate", "counter-reset", "derived"], quality: .uncertain, statusCode: 0x4000_0000),
        row(28, .frozen, "frozen", .uncertain, 0x4090_0000),
        row(29, .substituted, "substituted", .uncertain, 0x4091_0000),
        row(30, .simulated, "simulated", .uncertain, 0x4209_0000),
        row(31, .calibrationDue, "calibration-due", .uncertain, 0x420A_0000),
        row(32, .fewGoodSamples, "few-good-samples", .uncertain, 0x40A4_0000),
        row(33, .clockUnsynchronised, "clock-unsynchronised", .uncertain, 0x4000_0000),
        row(34, .dataLost, "buffer-overflow", .bad, 0x809D_0000),
        row(35, .localOverride, "local-override", .good, 0x0096_0000),
        row(36, .good, nil, .good, 0),
    ]

    private static func row(
        _ number: Int, _ condition: Condition, _ reason: String?, _ quality: Quality, _ code: UInt32
    ) -> Row {
        Row(number: number, conditions: [condition], reasons: [reason], quality: quality, statusCode: code)
    }

    @Test(arguments: table) func `each row has its reason, quality and code`(_ row: Row) {
        #expect(row.conditions.map(\.reason) == row.reasons)
        #expect(row.conditions.allSatisfy { $0.quality == row.quality && $0.statusCode == row.statusCode })
        #expect(row.statusCode & 0xFFFF == 0)
    }

    @Test func `the table is complete`() {
        #expect(Self.table.map(\.number) == Array(1...36))
        #expect(Set(Self.table.flatMap(\.conditions)) == Set(Condition.allCases))
    }

    @Test(
        arguments: [
            (1, Condition.illegalFunction), (2, .illegalAddress), (3, .illegalValue), (4, .deviceFailure),
            (5, .acknowledge), (6, .busy), (7, .negativeAcknowledge), (8, .memoryParity), (9, .unknownException),
            (10, .gatewayPath), (11, .gatewayTarget), (0, .unknownException), (99, .unknownException),
            (255, .unknownException),
        ] as [(UInt8, Condition)])
    func `each exception code leads to its row`(code: UInt8, condition: Condition) {
        #expect(Condition(ModbusException(code: code)) == condition)
    }

    @Test func `stored numbers never change their meaning`() {
        #expect(Condition.good.rawValue == 0)
        #expect(Condition.timeout.rawValue == 16)
        #expect(Condition.dataLost.rawValue == 36)
        #expect(Condition.localOverride.rawValue == 37)
    }
}
