/// Quality as every consumer knows it (data model section 4).
package enum Quality: UInt8, Comparable, Sendable {
    case good = 0
    case uncertain = 1
    case bad = 2

    package static func < (left: Quality, right: Quality) -> Bool { left.rawValue < right.rawValue }

    /// The token of the data model.
    package var name: String {
        switch self {
        case .good: "good"
        case .uncertain: "uncertain"
        case .bad: "bad"
        }
    }
}

/// Why a reading has the quality it has: the rows of the rule table in data model section 4.2.
///
/// The raw value is stored in the journal, so a number is never given to another meaning. It is ours and not
/// the row number, since some rows hold several reasons.
package enum Condition: UInt8, CaseIterable, Sendable {
    case good = 0
    case disabled = 1
    case configError = 2
    case waiting = 3
    case connectionRefused = 4
    case illegalFunction = 5
    case illegalAddress = 6
    case illegalValue = 7
    case deviceFailure = 8
    case acknowledge = 9
    case busy = 10
    case negativeAcknowledge = 11
    case memoryParity = 12
    case unknownException = 13
    case gatewayPath = 14
    case gatewayTarget = 15
    case timeout = 16
    /// Row 17: no good answer for longer than the stale age; the last value is shown.
    case staleCommunication = 17
    /// Row 18: no good answer for longer than the bad age.
    case noCommunication = 18
    case frameError = 19
    case decodeError = 20
    case unmappedState = 21
    case notSupported = 22
    case sensorFault = 23
    case outOfLimits = 24
    case sensorLimit = 25
    case outOfRange = 26
    case implausibleRate = 27
    case counterReset = 28
    case derived = 29
    case frozen = 30
    case substituted = 31
    case simulated = 32
    case calibrationDue = 33
    case fewGoodSamples = 34
    case clockUnsynchronised = 35
    /// Row 34: readings were lost; this reading stands for the newest of them.
    case dataLost = 36
    case localOverride = 37
}

extension Condition {
    /// The OPC UA status code, 32 bits, lower 16 bits zero.
    ///
    /// Source: OPC Foundation StatusCode table, as chosen in data model 4.2.
    package var statusCode: UInt32 {
        switch self {
        case .good: 0
        case .localOverride: 0x0096_0000
        case .disabled: 0x808D_0000
        case .configError, .illegalAddress, .illegalValue: 0x8089_0000
        case .waiting: 0x8032_0000
        case .connectionRefused: 0x80AC_0000
        case .illegalFunction, .negativeAcknowledge, .notSupported: 0x803D_0000
        case .deviceFailure, .memoryParity: 0x808B_0000
        case .acknowledge, .frozen: 0x4090_0000
        case .busy: 0x80EE_0000
        case .unknownException: 0x8001_0000
        case .gatewayPath, .gatewayTarget, .noCommunication: 0x8031_0000
        case .timeout: 0x800A_0000
        case .staleCommunication: 0x408F_0000
        case .frameError: 0x8005_0000
        case .decodeError: 0x8007_0000
        case .unmappedState: 0x8074_0000
        case .sensorFault: 0x808C_0000
        case .outOfLimits: 0x803C_0000
        case .sensorLimit: 0x4093_0000
        case .outOfRange: 0x4094_0000
        case .implausibleRate, .counterReset, .derived, .clockUnsynchronised: 0x4000_0000
        case .substituted: 0x4091_0000
        case .simulated: 0x4209_0000
        case .calibrationDue: 0x420A_0000
        case .fewGoodSamples: 0x40A4_0000
        case .dataLost: 0x809D_0000
        }
    }

    /// The quality, which is the severity in the top two bits of the status code.
    package var quality: Quality {
        switch statusCode >> 30 {
        case 0: .good
        case 1: .uncertain
        default: .bad
        }
    }

    /// The kebab-case reason of data model 4.2; `nil` exactly when the reading is plainly good.
    package var reason: String? {
        switch self {
        case .good: nil
        case .localOverride: "local-override"
        case .disabled: "disabled"
        case .configError: "config-error"
        case .waiting: "waiting"
        case .connectionRefused: "connection-refused"
        case .illegalFunction: "modbus-illegal-function"
        case .illegalAddress: "modbus-illegal-address"
        case .illegalValue: "modbus-illegal-value"
        case .deviceFailure: "modbus-device-failure"
        case .acknowledge: "modbus-acknowledge"
        case .busy: "modbus-busy"
        case .negativeAcknowledge: "modbus-negative-acknowledge"
        case .memoryParity: "modbus-memory-parity"
        case .unknownException: "modbus-unknown-exception"
        case .gatewayPath: "gateway-path"
        case .gatewayTarget: "gateway-target"
        case .timeout: "timeout"
        case .staleCommunication, .noCommunication: "no-communication"
        case .frameError: "frame-error"
        case .decodeError: "decode-error"
        case .unmappedState: "unmapped-state"
        case .notSupported: "sentinel-not-supported"
        case .sensorFault: "sensor-fault"
        case .outOfLimits: "out-of-limits"
        case .sensorLimit: "sensor-limit"
        case .outOfRange: "out-of-range"
        case .implausibleRate: "implausible-rate"
        case .counterReset: "counter-reset"
        case .derived: "derived"
        case .frozen: "frozen"
        case .substituted: "substituted"
        case .simulated: "simulated"
        case .calibrationDue: "calibration-due"
        case .fewGoodSamples: "few-good-samples"
        case .clockUnsynchronised: "clock-unsynchronised"
        case .dataLost: "buffer-overflow"
        }
    }

    /// The condition a Modbus exception answer leads to (rows 5 to 15).
    package init(_ exception: ModbusException) {
        self =
            switch exception.code {
            case 1: .illegalFunction
            case 2: .illegalAddress
            case 3: .illegalValue
            case 4: .deviceFailure
            case 5: .acknowledge
            case 6: .busy
            case 7: .negativeAcknowledge
            case 8: .memoryParity
            case 10: .gatewayPath
            case 11: .gatewayTarget
            default: .unknownException
            }
    }
}
