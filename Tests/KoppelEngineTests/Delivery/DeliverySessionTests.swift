import KoppelCore
import Testing

@testable import KoppelEngine

/// Orders of events that are rare in the field and hard to bring about over a connection.
struct DeliverySessionTests {
    private let session = DeliverySession(window: 4)
    private func token(_ number: UInt64) -> DeliveryToken { DeliveryToken(rawValue: number) }
    private func at(_ number: Int64) -> JournalPosition { JournalPosition(rawValue: number) }

    @Test func `a sender that did not hear of the restart yet cannot move the cursor over what is sent again`() async {
        await session.connected(ConnectionFacts())
        #expect(await session.openStretch(end: at(10), messages: 1, run: 0, generation: 1) != nil)
        await session.restartHistory()
        #expect(await session.openStretch(end: at(20), messages: 0, run: 0, generation: 1) == nil)
        #expect(await session.takeCursor() == nil)
        #expect(await session.openStretch(end: at(10), messages: 0, run: 1, generation: 1) != nil)
        #expect(await session.takeCursor() == at(10))
    }

    @Test func `a sender of a broken connection leaves nothing behind that holds up the cursor of the next`() async {
        await session.connected(ConnectionFacts())
        await session.disconnected()
        await session.connected(ConnectionFacts())
        #expect(await session.openStretch(end: at(10), messages: 1, run: 0, generation: 1) == nil)
        #expect(await session.openStretch(end: at(10), messages: 0, run: 0, generation: 2) != nil)
        #expect(await session.takeCursor() == at(10))
    }

    @Test func `a refusal that overtakes the hand-over is told when the hand-over is noted`() async throws {
        await session.connected(ConnectionFacts())
        let stretch = try #require(await session.openStretch(end: at(5), messages: 1, run: 0, generation: 1))
        #expect(await session.refused(token(1), Refusal(reasonCode: 0x87)) == nil)
        let refusal = await session.handedOver(token(1), of: stretch, item: .batch([]), generation: 1)
        #expect(refusal == Refusal(reasonCode: 0x87))
        #expect(await session.takeRefused(token(1)) != nil)
        await session.settledByQuarantine(token(1))
        #expect(await session.takeCursor() == at(5))
    }
}
