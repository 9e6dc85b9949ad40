import KoppelCore
import KoppelEngine
import Testing

/// Who may speak when, and under which number.
struct EdgeNodeSessionTests {
    private func born(waitsForHost: Bool = false) -> EdgeNodeSession {
        var session = EdgeNodeSession(waitsForHost: waitsForHost)
        _ = session.connected()
        if waitsForHost { _ = session.heard(.host(isOnline: true, time: 10)) }
        session.beginBirth(now: .zero)
        return session
    }

    @Test func `without a primary host the births come with the connection`() {
        var session = EdgeNodeSession(waitsForHost: false)
        #expect(session.waitForBirth(now: .zero) == nil && !session.mayTell)
        #expect(session.connected() == .birth)
        #expect(session.waitForBirth(now: .zero) == .zero)
        #expect(!session.mayTell, "nothing before the birth")
        session.beginBirth(now: .zero)
        #expect(session.mayTell)
        session.disconnected()
        #expect(!session.mayTell && !session.isConnected)
    }

    @Test func `P76: with a primary host the births come with its word, and only a valid one`() {
        var session = EdgeNodeSession(waitsForHost: true)
        #expect(session.connected() == .none)
        #expect(session.isWaitingForHost)
        #expect(session.heard(.host(isOnline: false, time: 5)) == .none, "it was never there: wait")
        #expect(session.heard(.host(isOnline: true, time: 4)) == .none, "older than what was said before")
        #expect(session.waitForBirth(now: .zero) == nil)
        #expect(session.heard(.host(isOnline: true, time: 5)) == .birth, "as old is new enough")
        #expect(session.heard(.host(isOnline: true, time: 6)) == .birth || !session.isWaitingForHost)
    }

    @Test func `an offline word of the primary host ends the session, an older one does not`() {
        var session = born(waitsForHost: true)
        #expect(session.heard(.host(isOnline: false, time: 9)) == .none)
        #expect(session.mayTell)
        #expect(session.heard(.host(isOnline: false, time: 11)) == .leave)
    }

    @Test func `on a new connection the first word of the host counts, whatever its time`() {
        var session = born(waitsForHost: true)
        session.disconnected()
        _ = session.connected()
        #expect(session.heard(.host(isOnline: true, time: 1)) == .birth)
    }

    @Test func `words of hosts mean nothing to a node that waits for none`() {
        var session = born()
        #expect(session.heard(.host(isOnline: false, time: 99)) == .none)
        #expect(session.mayTell)
    }

    @Test func `numbers go from 0 to 255 and round, and a birth begins them again`() {
        var session = born()
        for expected in 0..<600 {
            #expect(session.nextSeq == UInt8(expected % 256))
            session.told()
        }
        session.beginBirth(now: .seconds(9))
        #expect(session.nextSeq == 0)
    }

    @Test func `a rebirth stops data at once, and many of them are one`() {
        var session = born()
        for _ in 0..<1_000 { #expect(session.heard(.rebirth) == .birth) }
        #expect(!session.mayTell)
        #expect(session.waitForBirth(now: .milliseconds(500)) == .milliseconds(1_500))
        #expect(session.waitForBirth(now: .seconds(2)) == .zero)
        session.beginBirth(now: .seconds(2))
        #expect(session.mayTell && session.waitForBirth(now: .seconds(9)) == nil)
    }

    @Test func `a rebirth before the birth is none, and a wish to write changes nothing`() {
        var session = EdgeNodeSession(waitsForHost: true)
        _ = session.connected()
        #expect(session.heard(.rebirth) == .none)
        #expect(session.heard(.write(metric: "x")) == .none)
        #expect(session.waitForBirth(now: .zero) == nil)
    }
}
