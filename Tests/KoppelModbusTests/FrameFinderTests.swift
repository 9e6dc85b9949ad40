import KoppelCore
import KoppelModbus
import KoppelTestKit
import Testing

struct FrameFinderTests {
    private func seen(_ unit: UInt8, _ kind: SeenFrame.Kind) -> SeenFrame {
        SeenFrame(unit: unit, function: 3, kind: kind)
    }

    private let question = { (unit: UInt8) throws in
        DiagnosticLine.rtuBytes(
            try #require(ReadRequest(unit: UnitID(unit), table: .holdingRegister, start: 0, count: 1)))
    }

    @Test func `R09: questions and answers of others are found between noise`() throws {
        let asked = try question(9)
        let bytes = [0xFF] + asked + ScriptedDevice.answer(to: asked, word: 7) + [0x01, 0x03]
        let traffic = FrameFinder.traffic(in: bytes, framing: .rtu)
        #expect(traffic.frames == [seen(9, .question), seen(9, .answer)])
        #expect(traffic.stray == 3)
    }

    @Test func `R02: an answer with a wrong checksum is no frame`() throws {
        var bytes = ScriptedDevice.answer(to: try question(1), word: 230)
        bytes[4] ^= 1
        let traffic = FrameFinder.traffic(in: bytes, framing: .rtu)
        #expect(traffic.frames.isEmpty)
        #expect(traffic.stray == 7)
    }

    @Test func `R04: noise is no frame, whatever it is`() {
        var random = SeededGenerator(seed: 4)
        var frames = 0
        for _ in 0..<2_000 {
            let bytes = (0..<40).map { _ in UInt8.random(in: 0...255, using: &random) }
            frames += FrameFinder.traffic(in: bytes, framing: .rtu).frames.count
        }
        #expect(frames <= 1)
    }

    @Test func `frames of Modbus TCP are found by their header`() {
        let bytes: [UInt8] = [0, 1, 0, 0, 0, 5, 1, 3, 2, 0, 230, 0, 2, 0, 0, 0, 3, 1, 0x83, 2]
        #expect(
            FrameFinder.traffic(in: bytes, framing: .tcp).frames
                == [
                    SeenFrame(unit: 1, function: 3, kind: .answer), SeenFrame(unit: 1, function: 3, kind: .exception),
                ])
    }
}
