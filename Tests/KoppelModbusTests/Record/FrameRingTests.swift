import KoppelCore
import KoppelTestKit
import Testing

@testable import KoppelModbus

struct FrameRingTests {
    private let origin = ContinuousClock.now

    private func frame(_ number: Int, length: Int) -> [UInt8] {
        [UInt8(truncatingIfNeeded: number >> 8), UInt8(truncatingIfNeeded: number)]
            + (2..<max(3, length)).map { UInt8(truncatingIfNeeded: number &* $0) }
    }

    @Test func `what went over the bus comes out in order, with its times`() {
        let ring = FrameRing(limit: 4_096, origin: origin)
        ring.saw(.opened, at: origin)
        ring.saw([1, 2, 3].span, .sent, at: origin + .microseconds(1_500))
        ring.saw([4, 5].span, .received, at: origin + .milliseconds(20))
        ring.saw(.failed(.timeout), at: origin + .seconds(2))
        let excerpt = ring.excerpt()
        #expect(
            excerpt.entries == [
                .init(silence: .zero, event: .opened),
                .init(silence: .microseconds(1_500), event: .sent([1, 2, 3])),
                .init(silence: .microseconds(18_500), event: .received([4, 5])),
                .init(silence: .milliseconds(1_980), event: .failed("no answer in time")),
            ])
        #expect(excerpt.begin == origin)
        #expect(excerpt.next == 4)
        #expect(excerpt.lost == 0)
    }

    @Test func `P86: a ring never takes more than its limit, and keeps the latest frames whole`() {
        var random = SeededGenerator(seed: 86)
        let ring = FrameRing(limit: 16 << 10, origin: origin)
        var frames: [[UInt8]] = []
        for number in 0..<20_000 {
            let bytes = frame(number, length: Int.random(in: 3...300, using: &random))
            ring.saw(bytes.span, .received, at: origin + .microseconds(Int64(number) * 100))
            frames.append(bytes)
            #expect(ring.size.allocated <= 16 << 10)
        }
        let kept = ring.excerpt().entries.map { entry -> [UInt8] in
            guard case .received(let bytes) = entry.event else { return [] }
            return bytes
        }
        #expect(kept.count > 40)
        #expect(kept == frames.suffix(kept.count))
        #expect(ring.excerpt().lost == 20_000 - kept.count)
    }

    @Test func `who asks again gets what came since, and how much it missed`() {
        let ring = FrameRing(limit: 4_096, origin: origin)
        for number in 0..<10 { ring.saw(frame(number, length: 12).span, .sent, at: origin) }
        let first = ring.excerpt(from: .max)
        #expect(first.entries.isEmpty)
        #expect(first.next == 10)
        for number in 10..<13 { ring.saw(frame(number, length: 12).span, .sent, at: origin) }
        #expect(ring.excerpt(from: first.next).entries.count == 3)
        for number in 13..<1_000 { ring.saw(frame(number, length: 12).span, .sent, at: origin) }
        let later = ring.excerpt(from: 13)
        #expect(later.lost > 0)
        #expect(later.lost + later.entries.count == 987)
    }

    @Test func `parts that were recorded one after the other become one transcript`() throws {
        let ring = FrameRing(limit: 4_096, origin: origin)
        let bus = try settings(.tcp(host: "h", port: 502))
        func part(from number: UInt64) -> Transcript {
            let excerpt = ring.excerpt(from: number)
            let begin = Timestamp(nanoseconds: 1_700_000_000_000_000_000)
            var part = Transcript(
                of: bus, version: "1", begin: begin.advanced(by: origin.duration(to: excerpt.begin)))
            part.entries = excerpt.entries
            return part
        }
        ring.saw([1].span, .sent, at: origin + .milliseconds(5))
        ring.saw([2].span, .received, at: origin + .milliseconds(8))
        var whole = part(from: 0)
        ring.saw([3].span, .sent, at: origin + .milliseconds(108))
        ring.saw([4].span, .received, at: origin + .milliseconds(118))
        whole.append(part(from: 2))
        #expect(whole.entries == part(from: 0).entries)
        #expect(whole.begin == part(from: 0).begin)
    }
}
