import KoppelCore
import Testing

@testable import KoppelModbus

struct RecentAnswersTests {
    private let now = ContinuousClock.now
    private let same: UInt64 = 7

    @Test func `R08: an answer that equals one to another question is in doubt`() throws {
        var recent = RecentAnswers()
        #expect(!recent.isInDoubt(same, for: try request(0, 2), at: now))
        recent.took(same, for: try request(0, 2))
        #expect(recent.isInDoubt(same, for: try request(2, 2), at: now))
        #expect(!recent.isInDoubt(8, for: try request(2, 2), at: now))
        #expect(!recent.isInDoubt(same, for: try request(0, 2), at: now))
    }

    @Test func `registers that stay equal cost one repeated question and no more`() throws {
        var recent = RecentAnswers()
        recent.took(same, for: try request(0, 2))
        recent.took(same, for: try request(2, 2))
        for start in [0, 2] as [UInt16] { #expect(!recent.isInDoubt(same, for: try request(start, 2), at: now)) }
    }

    @Test func `R08: a unit that answered twice is looked at more closely for ten minutes`() throws {
        var recent = RecentAnswers()
        recent.took(same, for: try request(0, 2))
        recent.took(same, for: try request(2, 2))
        recent.caught(UnitID(1), at: now)
        #expect(recent.isInDoubt(same, for: try request(2, 2), at: now + .seconds(599)))
        #expect(!recent.isInDoubt(same, for: try request(2, 2), at: now + .seconds(600)))
    }

    @Test func `a double is looked for among the last eight answers`() throws {
        var recent = RecentAnswers()
        recent.took(same, for: try request(0, 2))
        for number in 1...7 { recent.took(UInt64(100 + number), for: try request(UInt16(number * 2), 2)) }
        #expect(recent.isInDoubt(same, for: try request(50, 2), at: now))
        recent.took(200, for: try request(50, 2))
        #expect(!recent.isInDoubt(same, for: try request(52, 2), at: now))
    }

    @Test func `frames that differ in one bit have different prints`() {
        let frame: [UInt8] = [1, 3, 2, 0, 42, 57, 155]
        for bit in 0..<56 {
            var other = frame
            other[bit / 8] ^= 1 << UInt8(bit % 8)
            let prints = (RecentAnswers.print(of: frame.span), RecentAnswers.print(of: other.span))
            #expect(prints.0 != prints.1)
        }
    }
}
