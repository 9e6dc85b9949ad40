import KoppelCore
import Testing

struct AlarmLogicTests {
    private static func alarm(_ trigger: AlarmRule.Trigger, hysteresis: Double = 0) throws -> AlarmLogic {
        AlarmLogic(
            AlarmRule(
                code: try #require(Identifier("hot")), signal: try #require(SignalName("a/b")), trigger: trigger,
                level: .warning, severity: 500, text: ["en": "Hot"]), hysteresis: hysteresis)
    }

    private static func story(_ logic: AlarmLogic, _ values: [Value?]) -> [String] {
        var logic = logic
        return values.map { value in
            let shown = value.map { Decoded(value: $0, condition: .good) } ?? .bad(.noCommunication)
            return logic.take(shown) ? (logic.isActive ? "raised" : "gone") : "-"
        }
    }

    @Test func `3_10: an alarm is raised and goes by a bit, a number, a limit above and a limit below`() throws {
        #expect(
            Self.story(try Self.alarm(.isTrue), [.bool(false), .bool(true), .bool(true), .bool(false)])
                == ["-", "raised", "-", "gone"])
        #expect(
            Self.story(try Self.alarm(.equals(252)), [.uint(251), .uint(252), .double(252), .uint(0)])
                == ["-", "raised", "-", "gone"])
        #expect(
            Self.story(try Self.alarm(.above(70)), [.double(70), .double(70.1), .double(70)])
                == ["-", "raised", "gone"])
        #expect(Self.story(try Self.alarm(.below(2)), [.int(2), .int(1), .int(2)]) == ["-", "raised", "gone"])
    }

    @Test func `3_10: at a limit the deadband of the signal keeps noise from raising an alarm over and over`() throws {
        let story = Self.story(
            try Self.alarm(.above(70), hysteresis: 1), [70.5, 69.5, 70.5, 69.1, 69, 70.5].map { .double($0) })
        #expect(story == ["raised", "-", "-", "-", "gone", "raised"])
    }

    @Test func `3_10: losing contact neither raises an alarm nor ends one`() throws {
        #expect(
            Self.story(try Self.alarm(.isTrue), [nil, .bool(true), nil, .bool(true), nil, .bool(false)])
                == ["-", "raised", "-", "-", "-", "gone"])
        #expect(try Self.alarm(.equals(217)).nativeCode == "217")
        #expect(try Self.alarm(.isTrue).nativeCode == nil)
    }
}
