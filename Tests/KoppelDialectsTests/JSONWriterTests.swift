import Foundation
import KoppelCore
import KoppelTestKit
import Testing

@testable import KoppelDialects

struct JSONWriterTests {
    private func text(_ body: (inout JSONWriter) -> Void) -> String {
        String(decoding: render(capacity: 64, body), as: UTF8.self)
    }

    @Test(
        arguments: [
            (0, "0"), (5, "5"), (-0.0, "0"), (-1, "-1"), (0.1, "0.1"), (234.1, "234.1"), (-234.1, "-234.1"),
            (0.5, "0.5"), (1e15, "1000000000000000"), (9_007_199_254_740_991, "9007199254740991"), (1e16, "1e+16"),
            (.leastNonzeroMagnitude, "5e-324"), (1e-5, "1e-05"), (0.001, "0.001"), (1.0 / 3, "0.3333333333333333"),
            (20.125, "20.125"), (1.7976931348623157e308, "1.7976931348623157e+308"), (99.999999, "99.999999"),
            (0.30000000000000004, "0.30000000000000004"), (4_503_599_627_370_495.5, "4503599627370495.5"),
        ] as [(Double, String)])
    func `a Double is its shortest decimal`(value: Double, expected: String) {
        #expect(text { $0.number(value) } == expected)
    }

    @Test(
        arguments: [
            (0, "0"), (5, "5"), (231.4, "231.4"), (-231.4, "-231.4"), (1902.25, "1902.25"), (0.1, "0.1"),
            (16_777_215, "16777215"), (16_777_216, "16777216"), (1e12, "1e+12"), (0.001, "0.001"), (1e-7, "1e-07"),
            (231.39873, "231.39873"), (3.4028235e38, "3.4028235e+38"), (0.0009765625, "0.0009765625"),
            (0.5, "0.5"), (0.03125, "0.03125"), (0.0078125, "0.0078125"),
        ] as [(Float, String)])
    func `a Float is its shortest decimal`(value: Float, expected: String) {
        #expect(text { $0.number(value) } == expected)
    }

    @Test func `any finite Float reads back as itself, and is no longer than Swift writes it`() throws {
        var rng = SeededGenerator(seed: 1)
        var tested = 0
        while tested < 60_000 {
            let value =
                tested % 2 == 0
                ? Float(bitPattern: UInt32.random(in: 0 ... .max, using: &rng))
                : Float.random(in: -5000...5000, using: &rng)
            guard value.isFinite else { continue }
            tested += 1
            let written = text { $0.number(value) }
            #expect(Float(written) == value)
            #expect(try #require(Double(written)).isNearest(to: value))
            if value != value.rounded() { #expect(written.utf8.count <= value.description.utf8.count, "\(value)") }
        }
    }

    @Test func `any finite Double reads back as itself, and is no longer than Swift writes it`() {
        var rng = SeededGenerator(seed: 2)
        var tested = 0
        while tested < 60_000 {
            let value: Double =
                switch tested % 4 {
                case 0: Double(bitPattern: rng.next())
                case 1: Double(Int.random(in: -1_000_000...1_000_000, using: &rng)) / 1_000
                case 2: Double(Int.random(in: -1_000_000_000...1_000_000_000, using: &rng)) / 1_000_000
                default: .random(in: -500...500, using: &rng)
                }
            guard value.isFinite else { continue }
            tested += 1
            let written = text { $0.number(value) }
            #expect(Double(written) == value)
            if value != value.rounded() { #expect(written.utf8.count <= value.description.utf8.count, "\(value)") }
        }
    }

    @Test func `whole numbers of every length are written in full`() {
        var rng = SeededGenerator(seed: 3)
        for bits in 0..<64 {
            for _ in 0..<200 {
                let value = rng.next() >> UInt64(bits)
                #expect(text { $0.unsigned(value) } == String(value))
            }
        }
        for exponent in 0..<20 {
            let power = (0..<exponent).reduce(UInt64(1)) { result, _ in result * 10 }
            for value in [power - 1, power, power + 1] { #expect(text { $0.unsigned(value) } == String(value)) }
        }
    }

    @Test func `integers beyond 2^53 - 1 are decimal strings, others numbers`() {
        #expect(text { $0.integer(Int64(9_007_199_254_740_991)) } == "9007199254740991")
        #expect(text { $0.integer(Int64(9_007_199_254_740_992)) } == "\"9007199254740992\"")
        #expect(text { $0.integer(Int64(-9_007_199_254_740_991)) } == "-9007199254740991")
        #expect(text { $0.integer(Int64(-9_007_199_254_740_992)) } == "\"-9007199254740992\"")
        #expect(text { $0.integer(Int64.min) } == "\"-9223372036854775808\"")
        #expect(text { $0.integer(UInt64(9_007_199_254_740_991)) } == "9007199254740991")
        #expect(text { $0.integer(UInt64.max) } == "\"18446744073709551615\"")
    }

    @Test func `any text survives, with every control character escaped`() throws {
        let all = String(String.UnicodeScalarView((0..<0x300).compactMap { Unicode.Scalar($0) })) + "€\u{1F600}\u{FFFF}"
        let written = text { $0.string(all) }
        #expect(!written.utf8.contains { $0 < 0x20 })
        let read = try JSONSerialization.jsonObject(with: Data(written.utf8), options: .fragmentsAllowed)
        #expect((read as? String)?.unicodeScalars.elementsEqual(all.unicodeScalars) == true)
    }

    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000000000Z"), (-1, "1969-12-31T23:59:59.999999999Z"),
            (1_772_439_330_120_000_000, "2026-03-02T08:15:30.120000000Z"),
            (951_782_400_000_000_001, "2000-02-29T00:00:00.000000001Z"),
            (4_107_542_399_999_999_999, "2100-02-28T23:59:59.999999999Z"),
            (4_107_542_400_000_000_000, "2100-03-01T00:00:00.000000000Z"),
            (.max, "2262-04-11T23:47:16.854775807Z"), (.min, "1677-09-21T00:12:43.145224192Z"),
        ] as [(Int64, String)])
    func `a time is UTC with nine fraction digits`(nanoseconds: Int64, expected: String) {
        #expect(text { $0.time(Timestamp(nanoseconds: nanoseconds)) } == "\"\(expected)\"")
    }

    @Test func `D08: times are UTC in the night the clocks of Amsterdam go back`() throws {
        let before = ProcessInfo.processInfo.environment["TZ"]
        setenv("TZ", "Europe/Amsterdam", 1)
        tzset()
        defer {
            if let before { setenv("TZ", before, 1) } else { unsetenv("TZ") }
            tzset()
        }
        // 00:59:50 UTC is 02:59:50 there, and ten seconds later it is 02:00:00 again.
        let start: Int64 = 1_792_889_990
        let texts = (0..<20).map { second in
            text { $0.time(Timestamp(nanoseconds: (start + second) * 1_000_000_000)) }
        }
        #expect(texts.first == "\"2026-10-25T00:59:50.000000000Z\"")
        #expect(texts[9...10] == ["\"2026-10-25T00:59:59.000000000Z\"", "\"2026-10-25T01:00:00.000000000Z\""])
        #expect(texts == texts.sorted())
    }

    @Test func `times agree with the calendar of Foundation from 1677 to 2262`() throws {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = try #require(TimeZone(identifier: "UTC"))
        var rng = SeededGenerator(seed: 4)
        for _ in 0..<5_000 {
            let moment = Int64(bitPattern: rng.next())
            let seconds = (Double(moment) / 1e9).rounded(.down)
            let wholeSeconds = moment / 1_000_000_000 - (moment % 1_000_000_000 < 0 ? 1 : 0)
            guard Int64(seconds) == wholeSeconds else { continue }
            let parts = calendar.dateComponents(
                [.year, .month, .day, .hour, .minute, .second], from: Date(timeIntervalSince1970: seconds))
            let expected = String(
                format: "\"%04d-%02d-%02dT%02d:%02d:%02d.%09dZ\"", parts.year ?? 0, parts.month ?? 0, parts.day ?? 0,
                parts.hour ?? 0, parts.minute ?? 0, parts.second ?? 0, Int(moment - wholeSeconds * 1_000_000_000))
            #expect(text { $0.time(Timestamp(nanoseconds: moment)) } == expected)
        }
    }

    @Test func `every day from 1677 to 2262 follows the one before it`() {
        var last = CivilDate(daysSince1970: -106_752)
        for day in Int64(-106_751)...106_752 {
            let date = CivilDate(daysSince1970: day)
            let isNextDay = date.year == last.year && date.month == last.month && date.day == last.day + 1
            let isNextMonth = date.year == last.year && date.month == last.month + 1 && date.day == 1 && last.day >= 28
            let isNextYear =
                date.year == last.year + 1 && (date.month, date.day) == (1, 1) && (last.month, last.day) == (12, 31)
            guard isNextDay || isNextMonth || isNextYear else {
                Issue.record("\(last) is followed by \(date)")
                return
            }
            last = date
        }
    }

    @Test func `a document larger than its first buffer is whole`() {
        let written = text { json in
            json.openArray()
            for number in 0..<10_000 as Range<UInt64> {
                json.separate()
                json.unsigned(number)
            }
            json.closeArray()
        }
        #expect(written == "[" + (0..<10_000).map(String.init).joined(separator: ",") + "]")
    }
}

extension Double {
    /// True if a reader that parses to a Double and then narrows gets the same Float.
    fileprivate func isNearest(to value: Float) -> Bool { Float(self) == value }
}
