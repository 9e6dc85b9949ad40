import KoppelCore
import Testing

struct SerialLineTests {
    @Test(arguments: [
        (SerialLine(baud: 9_600), 11), (SerialLine(baud: 9_600, parity: .none), 10),
        (SerialLine(baud: 9_600, parity: .none, stopBits: 2), 11),
    ])
    func `a character is start, data, parity and stop bits`(line: SerialLine, bits: Int) {
        #expect(line.characterTime == .nanoseconds(1_000_000_000 * bits / 9_600))
    }

    @Test func `the silence between frames is 3.5 characters, and fixed above 19,200 baud`() {
        #expect(SerialLine(baud: 9_600).frameSilence == .nanoseconds(1_145_833) * 7 / 2)
        #expect(SerialLine(baud: 19_200).frameSilence == .nanoseconds(572_916) * 7 / 2)
        #expect(SerialLine(baud: 19_201).frameSilence == .microseconds(1_750))
        #expect(SerialLine(baud: 115_200).frameSilence == .microseconds(1_750))
    }
}
