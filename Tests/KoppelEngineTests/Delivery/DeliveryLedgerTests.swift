import KoppelCore
import KoppelEngine
import KoppelTestKit
import Testing

struct DeliveryLedgerTests {
    private func token(_ number: UInt64) -> DeliveryToken { DeliveryToken(rawValue: number) }
    private func at(_ number: Int64) -> JournalPosition { JournalPosition(rawValue: number) }

    @Test func `the cursor moves only when everything before it is acknowledged`() {
        var ledger = DeliveryLedger()
        let first = ledger.open(end: at(10), messages: 2).number
        let second = ledger.open(end: at(20), messages: 1).number
        #expect(ledger.handedOver(token(1), of: first) == nil)
        #expect(ledger.handedOver(token(2), of: first) == nil)
        #expect(ledger.handedOver(token(3), of: second) == nil)
        #expect(ledger.settled(token(3)) == nil)
        #expect(ledger.settled(token(1)) == nil)
        #expect(ledger.settled(token(2)) == at(20))
        #expect(ledger.inFlight == 0)
    }

    @Test func `an acknowledgement that overtakes the hand-over counts`() {
        var ledger = DeliveryLedger()
        let stretch = ledger.open(end: at(5), messages: 1).number
        #expect(ledger.settled(token(9)) == nil)
        #expect(ledger.handedOver(token(9), of: stretch) == at(5))
    }

    @Test func `U07: an acknowledgement that comes twice moves nothing twice`() {
        var ledger = DeliveryLedger()
        let stretch = ledger.open(end: at(5), messages: 2).number
        _ = ledger.handedOver(token(1), of: stretch)
        _ = ledger.handedOver(token(2), of: stretch)
        #expect(ledger.settled(token(1)) == nil)
        #expect(ledger.settled(token(1)) == nil)
        #expect(ledger.settled(token(2)) == at(5))
    }

    @Test func `a batch that was split is done only with its last part`() {
        var ledger = DeliveryLedger()
        let stretch = ledger.open(end: at(5), messages: 1).number
        ledger.grow(stretch)
        _ = ledger.handedOver(token(1), of: stretch)
        _ = ledger.handedOver(token(2), of: stretch)
        #expect(ledger.settled(token(1)) == nil)
        #expect(ledger.settled(token(2)) == at(5))
    }

    @Test func `a stretch without messages is done at once, in its turn`() {
        var ledger = DeliveryLedger()
        #expect(ledger.open(end: at(3), messages: 0).cursor == at(3))
        let waiting = ledger.open(end: at(5), messages: 1).number
        #expect(ledger.open(end: at(7), messages: 0).cursor == nil)
        _ = ledger.handedOver(token(1), of: waiting)
        #expect(ledger.settled(token(1)) == at(7))
    }

    @Test func `after a reset nothing from before counts`() {
        var ledger = DeliveryLedger()
        let stretch = ledger.open(end: at(5), messages: 1).number
        _ = ledger.handedOver(token(1), of: stretch)
        ledger.reset()
        #expect(ledger.settled(token(1)) == nil)
        let again = ledger.open(end: at(5), messages: 1).number
        _ = ledger.handedOver(token(2), of: again)
        #expect(ledger.settled(token(2)) == at(5))
    }

    /// Random orders of hand-over and acknowledgement, against the plain definition.
    @Test(arguments: 0..<50)
    func `the cursor is the end of the longest done beginning, whatever the order`(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        var ledger = DeliveryLedger()
        var open: [[UInt64]] = []
        var cursor: Int64 = 0
        var next: UInt64 = 1
        var handedOver: [UInt64] = []
        for end in 1...40 {
            let count = Int.random(in: 0...3, using: &random)
            let (number, done) = ledger.open(end: at(Int64(end)), messages: count)
            if let done { cursor = done.rawValue }
            open.append([])
            for _ in 0..<count {
                open[end - 1].append(next)
                handedOver.append(next)
                if let done = ledger.handedOver(token(next), of: number) { cursor = done.rawValue }
                next += 1
            }
            while let index = handedOver.indices.randomElement(using: &random), Bool.random(using: &random) {
                let one = handedOver.remove(at: index)
                for stretch in open.indices { open[stretch].removeAll { $0 == one } }
                if let done = ledger.settled(token(one)) { cursor = done.rawValue }
            }
            let expected = open.prefix { $0.isEmpty }.count
            #expect(cursor == Int64(expected))
        }
    }
}
