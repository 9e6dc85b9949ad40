import KoppelCore
import Testing

/// The forms that hashes and agreements rest on.
struct CanonicalTests {
    // From appendix B of RFC 8785, and the edges of each form: what is read, and what it is written as.
    @Test(arguments: [
        ("0", "0"), ("-0.0", "0"), ("5e-324", "5e-324"), ("-5e-324", "-5e-324"),
        ("1.7976931348623157e308", "1.7976931348623157e+308"), ("9007199254740992", "9007199254740992"),
        ("295147905179352830000", "295147905179352830000"), ("9.999999999999997e22", "9.999999999999997e+22"),
        ("1e23", "1e+23"), ("1e21", "1e+21"), ("999999999999999900000", "999999999999999900000"),
        ("9.999999999999997e-7", "9.999999999999997e-7"), ("0.000001", "0.000001"),
        ("333333333.3333332", "333333333.3333332"), ("333333333.33333325", "333333333.33333325"), ("0.8", "0.8"),
        ("-12.50", "-12.5"), ("-0.0000033333333333333333", "-0.0000033333333333333333"),
        ("1424953923781206.2", "1424953923781206.2"), ("1e2", "100"),
    ])
    func `a number is written as ECMAScript writes it`(_ read: String, _ written: String) throws {
        #expect(JSONTree.ecmaScript(try #require(Double(read))) == written)
    }

    @Test func `members are sorted by their UTF-16 units, and text keeps all but what must be escaped`() {
        let tree: JSONTree = [
            "\u{20ac}": "Euro Sign", "\r": "Carriage Return", "\u{fb33}": "Hebrew", "1": "One", "\u{1f600}": "Smiley",
            "\u{80}": "Control", "\u{f6}": "o", "text": .string("\u{20ac}$\u{f}\nA'B\"\\\\\"/"),
        ]
        let expected =
            "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"text\":\"\u{20ac}$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\",\"\u{80}\":\"Control\","
            + "\"\u{f6}\":\"o\",\"\u{20ac}\":\"Euro Sign\",\"\u{1f600}\":\"Smiley\",\"\u{fb33}\":\"Hebrew\"}"
        #expect(tree.canonical == expected)
    }

    @Test(arguments: [
        "2027-03-01T00:00:00.000000000Z", "1969-12-31T23:59:59.999999999Z", "2024-02-29T12:30:15.120000000Z",
    ])
    func `a moment reads back as it was written`(_ text: String) throws {
        #expect(try #require(Timestamp(utc: text)).utcText == text)
    }

    @Test func `a moment may have fewer digits, and a day must exist`() {
        #expect(Timestamp(utc: "2027-03-01T00:00:00Z")?.utcText == "2027-03-01T00:00:00.000000000Z")
        #expect(Timestamp(utc: "2027-03-01T00:00:00.5Z")?.utcText == "2027-03-01T00:00:00.500000000Z")
        for text in [
            "2027-02-29T00:00:00Z", "2027-13-01T00:00:00Z", "2027-03-01T24:00:00Z", "2027-03-01 00:00:00Z",
            "2027-03-01T00:00:00", "2027-03-01T00:00:00+01:00", "", "2027-03-01T00:00:00.Z",
        ] {
            #expect(Timestamp(utc: text) == nil, "\(text)")
        }
    }

    @Test func `a duration of ISO 8601 reads back as it was written`() {
        for text in ["PT15M", "P90D", "PT0S", "P1DT2H3M4.5S", "PT1H"] {
            #expect(Duration(iso8601: text)?.iso8601 == text)
        }
        #expect(Duration(iso8601: "PT900S") == Duration(iso8601: "PT15M"))
        for text in ["P1M", "P1Y", "15M", "P", "PT", "PT15", "P15M", "PT-1S", "PT1M1H", "P1DT", "PT1.5M", ""] {
            #expect(Duration(iso8601: text) == nil, "\(text)")
        }
    }

    @Test func `a star in a pattern stands for letters, digits and hyphens, and never for the slash`() throws {
        let cases: [(String, String, Bool)] = [
            ("electrical/active-power", "electrical/active-power", true), ("electrical/*", "electrical/voltage", true),
            ("electrical/*", "air/pressure", false), ("*/*", "air/pressure", true),
            ("*/thd-*", "electrical/thd-l1", true),
            ("*/*-power", "electrical/active-power", true), ("*/*-power", "electrical/active-powers", false),
            ("electrical/a*e*r", "electrical/active-power", true), ("e*", "electrical/voltage", false),
        ]
        for (pattern, name, isMatch) in cases {
            guard let pattern = SignalPattern(pattern) else {
                #expect(!isMatch, "\(pattern)")
                continue
            }
            #expect(pattern.matches(try #require(SignalName(name))) == isMatch, "\(pattern) \(name)")
        }
        for text in ["electrical", "a/b/c", "/x", "x/", "Electrical/*", "a/#", "a/+"] {
            #expect(SignalPattern(text) == nil, "\(text)")
        }
    }

    @Test func `significant digits are those a person sees`() {
        let four = SignificantDigits(4)
        #expect(four.rounded(231.449) == 231.4)
        #expect(four.rounded(231.45) == 231.5)
        #expect(four.rounded(-0.00123456) == -0.001235)
        #expect(four.rounded(99_996.0) == 100_000)
        #expect(four.rounded(1879.2) == 1879)
        #expect(four.rounded(1.23456e30) == 1.235e30)
        #expect(four.rounded(Value.int(123_456)) == .int(123_500))
        #expect(four.rounded(Value.int(-99_999)) == .int(-100_000))
        // What would not fit any more stays.
        #expect(four.rounded(Value.uint(.max)) == .uint(.max))
        #expect(four.rounded(Value.float(231.449)) == .float(231.4))
        #expect(four.rounded(Value.text("12345")) == .text("12345"))
        #expect(SignificantDigits(17).rounded(0.1) == 0.1)
    }
}
