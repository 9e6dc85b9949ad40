import KoppelCore
import KoppelEngine
import Testing

struct LaggingCursorTests {
    private func place(_ number: Int64) -> JournalPosition { JournalPosition(rawValue: number) }

    @Test func `P73: a place counts once the connection lived on for the time a break takes to be noticed`() {
        var cursor = LaggingCursor(keepalive: .seconds(30))
        #expect(cursor.lag == .seconds(50))
        cursor.wrote(place(1), at: .zero)
        cursor.wrote(place(2), at: .seconds(10))
        #expect(cursor.reached(now: .seconds(49)) == nil)
        #expect(cursor.reached(now: .seconds(50)) == place(1))
        #expect(cursor.reached(now: .seconds(51)) == nil, "told once")
        #expect(cursor.reached(now: .seconds(60)) == place(2))
    }

    @Test func `a break forgets what was not yet reached`() {
        var cursor = LaggingCursor(lag: .seconds(1))
        cursor.wrote(place(1), at: .zero)
        cursor.reset()
        #expect(cursor.reached(now: .seconds(9)) == nil)
    }

    @Test func `it stays small however much is written, and never counts a place too early`() {
        var cursor = LaggingCursor(lag: .seconds(64))
        var written: [Int64: Duration] = [:]
        for number in Int64(1)...100_000 {
            let now = Duration.milliseconds(number)
            written[number] = now
            cursor.wrote(place(number), at: now)
            #expect(cursor.count <= 131)
            if let reached = cursor.reached(now: now)?.rawValue, let then = written[reached] {
                #expect(now - then >= .seconds(64))
            }
        }
        #expect(cursor.reached(now: .seconds(1_000)) == place(100_000))
    }
}

struct ReadingBucketTests {
    @Test func `P63: the past keeps to its rate, whatever the size of its messages`() {
        var bucket = ReadingBucket(rate: 1_000)
        var now = Duration.zero
        var readings = 0
        while now < .seconds(10) {
            let wait = bucket.wait(now: now)
            guard wait == .zero else {
                now += wait
                continue
            }
            bucket.take(500, now: now)
            readings += 500
        }
        #expect((10_500...11_500).contains(readings))
    }
}
