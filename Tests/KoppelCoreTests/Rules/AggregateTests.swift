import KoppelCore
import Testing

struct AggregateTests {
    private static func reading(_ second: Int64, _ value: Double?, _ condition: Condition = .good) -> Reading {
        Reading(
            signal: SignalNumber(rawValue: 0), condition: condition, seq: 1,
            time: Timestamp(nanoseconds: second * 1_000_000_000), value: value.map { .double($0) })
    }

    private static func window(
        _ readings: [Reading], by weighting: Aggregate.Weighting = .time, least: Double = 0.8, held: Reading? = nil
    ) -> Aggregate {
        var result = Aggregate(
            start: Timestamp(nanoseconds: 0), end: Timestamp(nanoseconds: 10_000_000_000), weighting: weighting,
            minimumGoodFraction: least, held: held)
        for reading in readings { result.add(reading) }
        return result
    }

    @Test func `a mean over time weighs a value by how long it stood, one over samples does not`() {
        let readings = [Self.reading(0, 10), Self.reading(9, 110)]
        #expect(Self.window(readings).figure(.mean).value == 20)
        #expect(Self.window(readings, by: .sample).figure(.mean).value == 60)
        #expect(Self.window(readings).figure(.mean).quality == .good)
    }

    @Test func `what the signal said before the window stands until its first reading`() {
        let figure = Self.window([Self.reading(5, 30)], held: Self.reading(-60, 10)).figure(.mean)
        #expect(figure.value == 20)
        #expect(figure.quality == .good)
        #expect(Self.window([], held: Self.reading(-60, 10)).figure(.mean).value == 10)
        #expect(Self.window([Self.reading(5, 30)], held: Self.reading(-60, 10)).figure(.delta).value == 20)
    }

    @Test func `smallest, largest, last, difference and number are those of the readings in the window`() {
        let window = Self.window([
            Self.reading(-1, 999), Self.reading(0, 5), Self.reading(3, 9), Self.reading(6, 2), Self.reading(10, -999),
        ])
        let functions: [Aggregate.Function] = [.min, .max, .last, .delta, .count]
        #expect(functions.map { window.figure($0).value } == [2, 9, 2, -3, 3])
        #expect(window.figure(.min).samples == 3)
    }

    @Test func `row 32: a window with too few good samples is uncertain`() {
        let readings = [Self.reading(0, 1), Self.reading(4, 2, .staleCommunication)]
        let byTime = Self.window(readings).figure(.mean)
        #expect(byTime.quality == .uncertain)
        #expect(byTime.statusCode == 0x40A4_0000)
        #expect(Self.window(readings, least: 0.4).figure(.mean).quality == .good)
        #expect(Self.window(readings, by: .sample, least: 0.6).figure(.last).condition == .fewGoodSamples)
        // A bad reading ends what stood before it.
        let lost = Self.window([Self.reading(0, 1), Self.reading(5, nil, .timeout)])
        #expect(
            lost.figure(.mean)
                == Aggregate.Figure(
                    value: 1, quality: .uncertain, condition: .fewGoodSamples, statusCode: 0x40A4_0000, samples: 2))
    }

    @Test(arguments: [Aggregate.Weighting.time, .sample])
    func `rows 30 and 32: what rests on simulated readings alone is never good, however little is asked for`(
        _ weighting: Aggregate.Weighting
    ) {
        let readings = [Self.reading(0, 1, .simulated), Self.reading(4, 2, .simulated)]
        let figure = Self.window(readings, by: weighting, least: 0).figure(.mean)
        #expect(figure.quality == .uncertain && figure.value != nil)
    }

    @Test func `row 32: a figure that is the value of one reading is never better than that reading`() {
        let doubt = Condition.outOfRange
        let readings = [
            Self.reading(0, 5), Self.reading(1, 9), Self.reading(2, 99, doubt), Self.reading(3, 7), Self.reading(8, 1),
        ]
        let window = Self.window(readings, by: .sample, least: 0.5)
        let functions: [Aggregate.Function] = [.mean, .min, .max, .last, .delta, .count]
        func qualities(_ window: Aggregate) -> [Quality] { functions.map { window.figure($0).quality } }
        #expect(qualities(window) == [.good, .good, .uncertain, .good, .good, .good])
        #expect(window.figure(.max).statusCode == 0x40A4_0000 && window.figure(.max).value == 99)
        // The same height was reached beyond doubt as well.
        let again = Self.window(readings + [Self.reading(9, 99)], by: .sample, least: 0.5)
        #expect(again.figure(.max).quality == .good)
        let end = Self.window(readings + [Self.reading(9, 3, doubt)], by: .sample, least: 0.5)
        #expect(qualities(end) == [.good, .good, .uncertain, .uncertain, .uncertain, .good])
        let begin = Self.window(readings, by: .sample, least: 0.5, held: Self.reading(-9, 2, doubt))
        #expect(qualities(begin) == [.good, .good, .uncertain, .good, .uncertain, .good])
    }

    @Test(arguments: Aggregate.Function.allCases)
    func `4_2: a window without a usable sample is BadNoData and null`(function: Aggregate.Function) {
        let figure = Self.window([Self.reading(3, nil, .noCommunication)]).figure(function)
        #expect(figure.value == nil)
        #expect(figure.quality == .bad)
        #expect(figure.statusCode == 0x809B_0000)
    }
}
