import Glibc
import KoppelCore
import KoppelTestKit
import Testing

@testable import KoppelModbus

/// What libmodbus does on a serial line, where our code depends on it (field rules, section 7). A test that fails here
/// means that a newer libmodbus behaves better, and that something of ours can go.
@Suite(.timeLimit(.minutes(5)))
struct LibmodbusLineTests {
    private let question: [UInt8] = [1, 3, 0, 0, 0, 2]

    private func attributes(_ descriptor: Int32) -> termios {
        var attributes = termios()
        tcgetattr(descriptor, &attributes)
        return attributes
    }

    private func connected(_ pair: PtyPair, _ line: SerialLine) throws -> LibmodbusHandle {
        let handle = try LibmodbusHandle.rtu(device: pair.farPath, line: line)
        try handle.connect(timeout: .seconds(1))
        return handle
    }

    private func send(_ handle: borrowing LibmodbusHandle) -> Int { handle.sendRaw(question.span).value }

    @Test func `fact 1: what is left of an earlier answer is not thrown away before a request`() throws {
        let pair = try PtyPair()
        let handle = try connected(pair, SerialLine())
        let left: [UInt8] = [1, 3, 4, 0, 0]
        #expect(Glibc.write(pair.near, left, left.count) == left.count)
        #expect(send(handle) == 8)
        var bytes = [UInt8](repeating: 0, count: 16)
        #expect(Glibc.read(handle.descriptor, &bytes, 16) == left.count)
    }

    @Test func `fact 8: no silence is kept between frames`() throws {
        let pair = try PtyPair()
        let slow = SerialLine(baud: 110)  // 3.5 characters are 350 ms
        let handle = try connected(pair, slow)
        let begin = ContinuousClock.now
        #expect(send(handle) == 8)
        #expect(send(handle) == 8)
        #expect(ContinuousClock.now - begin < slow.frameSilence)
    }

    @Test func `fact 11: a rate that is not in the list becomes 9600 without a word`() throws {
        let pair = try PtyPair()
        let handle = try connected(pair, SerialLine(baud: 14_400))
        var found = attributes(handle.descriptor)
        #expect(cfgetospeed(&found) == speed_t(B9600))
    }

    @Test func `fact 13: a second opener is let in`() throws {
        let pair = try PtyPair()
        let first = try connected(pair, SerialLine(parity: .none))
        let second = try connected(pair, SerialLine(parity: .none))
        #expect(first.descriptor != second.descriptor)
    }

    @Test func `flow control that was on is turned off, and writing never waits`() throws {
        let pair = try PtyPair()
        var before = attributes(pair.far)
        before.c_iflag |= tcflag_t(IXON | IXOFF)
        before.c_cflag |= tcflag_t(1 << 31)  // CRTSCTS
        tcsetattr(pair.far, TCSANOW, &before)
        let handle = try connected(pair, SerialLine())
        let found = attributes(handle.descriptor)
        #expect(found.c_iflag & tcflag_t(IXON | IXOFF) == 0)
        #expect(found.c_cflag & tcflag_t(1 << 31) == 0)
        #expect(fcntl(handle.descriptor, F_GETFL) & O_NONBLOCK != 0)
    }
}
