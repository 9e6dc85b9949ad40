import Glibc
import KoppelCore
import Testing

@testable import KoppelMQTT

struct UplinkDiagnosisTests {
    private let diagnosis: UplinkDiagnosis

    init() throws { diagnosis = UplinkDiagnosis(try settings(port: 1_883, host: "hub.example"), timing: MQTTTiming()) }

    struct Code: CustomTestStringConvertible {
        let code: Int32
        let version: DestinationSettings.ProtocolVersion
        let kind: UplinkError.Kind
        var testDescription: String { "\(version.rawValue): \(code)" }
    }

    @Test(arguments: [
        Code(code: 1, version: .mqtt311, kind: .protocolViolation),
        Code(code: 2, version: .mqtt311, kind: .notAuthorised(code: 2)),
        Code(code: 3, version: .mqtt311, kind: .unavailable(code: 3)),
        Code(code: 4, version: .mqtt311, kind: .notAuthorised(code: 4)),
        Code(code: 5, version: .mqtt311, kind: .notAuthorised(code: 5)),
        Code(code: 0x80, version: .mqtt5, kind: .connectionLost),
        Code(code: 0x81, version: .mqtt5, kind: .protocolViolation),
        Code(code: 0x84, version: .mqtt5, kind: .protocolViolation),
        Code(code: 0x85, version: .mqtt5, kind: .notAuthorised(code: 0x85)),
        Code(code: 0x86, version: .mqtt5, kind: .notAuthorised(code: 0x86)),
        Code(code: 0x87, version: .mqtt5, kind: .notAuthorised(code: 0x87)),
        Code(code: 0x88, version: .mqtt5, kind: .unavailable(code: 0x88)),
        Code(code: 0x89, version: .mqtt5, kind: .unavailable(code: 0x89)),
        Code(code: 0x8A, version: .mqtt5, kind: .notAuthorised(code: 0x8A)),
        Code(code: 0x8B, version: .mqtt5, kind: .unavailable(code: 0x8B)),
        Code(code: 0x8D, version: .mqtt5, kind: .timeout),
        Code(code: 0x8E, version: .mqtt5, kind: .takenOver),
        Code(code: 0x97, version: .mqtt5, kind: .unavailable(code: 0x97)),
        Code(code: 0x9C, version: .mqtt5, kind: .unavailable(code: 0x9C)),
        Code(code: 0x9D, version: .mqtt5, kind: .unavailable(code: 0x9D)),
    ])
    func `U09: each reason code has its kind`(_ code: Code) {
        #expect(diagnosis.refused(code.code, version: code.version).kind == code.kind)
    }

    struct First: CustomTestStringConvertible {
        let testDescription: String
        let bytes: [UInt8]
        let words: String?
    }

    @Test(arguments: [
        First(testDescription: "CONNACK", bytes: [0x20, 3, 0, 0], words: nil),
        First(testDescription: "DISCONNECT", bytes: [0xE0, 1, 0x8B], words: nil),
        First(testDescription: "nothing yet", bytes: [], words: nil),
        First(testDescription: "HTTP", bytes: Array("HTTP".utf8), words: "HTTP"),
        First(testDescription: "a TLS alert", bytes: [0x15, 3, 3, 0], words: "mqtts"),
        First(testDescription: "SSH", bytes: Array("SSH-".utf8), words: "does not speak MQTT"),
    ])
    func `U21: what does not begin like MQTT is called by its name`(_ first: First) {
        let error = diagnosis.notMQTT(first.bytes)
        #expect((error == nil) == (first.words == nil))
        if let words = first.words { #expect(error?.description.contains(words) == true) }
    }

    @Test func `a sentence says what, where, what we do now and what you can do`() {
        #expect(
            diagnosis.connectFailed(ECONNREFUSED).description
                == "Destination plant (hub.example:1883): connection refused. Trying again, at most 30 s apart; readings"
                + " wait in the journal. Check that the broker runs and listens on port 1883.")
        #expect(diagnosis.refused(0x87, version: .mqtt5).description.contains("at most 300 s apart"))
    }
}
