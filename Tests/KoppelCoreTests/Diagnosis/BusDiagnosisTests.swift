import KoppelCore
import Testing

/// From observations to findings, without any bus. Each diagnosis on a real faulty device: KoppelCommandTests.
struct BusDiagnosisTests {
    private let line = SerialLine(baud: 9_600, parity: .none)

    private func probe(
        _ frames: [SeenFrame] = [], stray: Int = 0, unit: UInt8 = 1, line: SerialLine? = nil, isEchoed: Bool = false
    ) -> ProbeObservation {
        ProbeObservation(
            unit: UnitID(unit), function: 3, framing: .rtu, line: line ?? self.line, isEchoed: isEchoed,
            traffic: LineTraffic(frames: frames, stray: stray), firstByteAfter: .milliseconds(4))
    }

    private func answer(_ unit: UInt8 = 1) -> SeenFrame { SeenFrame(unit: unit, function: 3, kind: .answer) }

    private func serial() -> BusObservations {
        var seen = BusObservations(endpoint: .rtu(device: "/dev/ttyUSB0", line: line), unit: UnitID(1))
        seen.listened = .seconds(1)
        return seen
    }

    @Test func `R01: another format that answers is certain, whatever noise was taken for a collision`() {
        var seen = serial()
        seen.direct = [probe(stray: 6), probe(stray: 5), probe(stray: 7)]
        seen.otherLines = [probe([answer()], line: SerialLine(baud: 9_600, parity: .even))]
        let findings = BusDiagnosis(seen).findings
        #expect(findings.first?.cause == .wrongLineSettings)
        #expect(findings.first?.advice.contains("?baud=9600&format=8E1") == true)
        #expect(!findings.contains { $0.cause == .duplicateUnit })
    }

    @Test func `R05: an echo without an answer is not taken for an answer`() {
        var seen = serial()
        seen.direct = [probe(isEchoed: true), probe(isEchoed: true), probe(isEchoed: true)]
        #expect(Set(BusDiagnosis(seen).findings.map(\.cause)) == [.localEcho, .nothingAnswers])
    }

    @Test func `R09: a question that is not ours is a second master, also when our answer came`() {
        var seen = serial()
        let foreign = [SeenFrame(unit: 9, function: 3, kind: .question), answer(9)]
        seen.direct = [probe([answer()]), probe(foreign + [answer()]), probe([answer()])]
        let findings = BusDiagnosis(seen).findings
        #expect(findings.map(\.cause) == [.secondMaster])
        #expect(findings[0].evidence.contains("asks unit 9"))
    }

    @Test func `a unit that answers now and then is unsteady`() {
        var seen = serial()
        seen.direct = [probe([answer()]), probe(), probe([answer()])]
        #expect(BusDiagnosis(seen).findings.map(\.cause) == [.unsteady])
    }

    @Test(arguments: [
        (BusError.Kind.linkDown(errno: 2), BusFinding.Cause.portMissing), (.linkDown(errno: 13), .noPermission),
        (.linkDown(errno: 16), .portBusy), (.linkDown(errno: 110), .hostSilent), (.linkDown(errno: 113), .hostSilent),
        (.linkDown(errno: 104), .hangsUp), (.refused, .portClosed), (.unknownHost, .unknownHost),
        (.unusable("no"), .unusable), (.portInUse(by: "the agent"), .portBusy), (.linkDown(errno: 5), .unusable),
    ])
    func `a bus that does not open has one certain finding`(kind: BusError.Kind, cause: BusFinding.Cause) {
        var seen = serial()
        seen.opening = kind
        let findings = BusDiagnosis(seen).findings
        #expect(findings.map(\.cause) == [cause])
        #expect(findings[0].certainty == .certain && !findings[0].advice.isEmpty)
    }
}
