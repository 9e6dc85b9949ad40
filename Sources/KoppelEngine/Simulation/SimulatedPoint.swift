internal import KoppelCore

/// One point of a simulated device: what its registers hold at a moment.
struct SimulatedPoint: Sendable {
    let point: Point
    private let encoder: PointEncoder
    private let behaviour: Behaviour
    private let exponent: Int

    /// Seconds at which a behaviour is tried before it is taken: the first minutes, an hour, a day and a year.
    static let probes: [Double] = [0, 3, 11, 29, 61, 127, 600, 1_100, 3_600, 86_400, 31_536_000]

    /// Takes the first of the candidates that at all of these moments fits into the registers, is good by the profile
    /// and sets off none of the alarms; 0 if there is none.
    init(_ point: Point, candidates: [Behaviour], alarms: [AlarmRule], exponent: Int) {
        self.point = point
        self.exponent = exponent
        let encoder = PointEncoder(point)
        self.encoder = encoder
        let decoder = PointDecoder(point)
        let alarms = alarms.filter { $0.signal == point.signal }
        let fitting = candidates.first { candidate in
            SimulatedPoint.probes.allSatisfy { seconds in
                guard let words = SimulatedPoint.words(point, encoder, candidate, exponent, seconds) else {
                    return false
                }
                let decoded = decoder.decode(words.span, exponent: exponent)
                return decoded.condition == .good && !alarms.contains { rule in AlarmLogic(rule).raised(by: decoded) }
            }
        }
        behaviour = fitting ?? .constant(0)
    }

    /// The bits of the first register that are this point's.
    var mask: UInt16 { encoder.mask }

    /// Exactly as many as the point has registers. Zeros if nothing the simulation knows fits into the point.
    func words(_ seconds: Double) -> [UInt16] {
        SimulatedPoint.words(point, encoder, behaviour, exponent, seconds)
            ?? [UInt16](repeating: 0, count: point.wire.registers)
    }

    private static func words(
        _ point: Point, _ encoder: PointEncoder, _ behaviour: Behaviour, _ exponent: Int, _ seconds: Double
    ) -> [UInt16]? {
        guard let value = value(point, behaviour, exponent, seconds) else { return nil }
        do throws(PointEncodingError) {
            return try encoder.encode(value, exponent: exponent)
        } catch {
            return nil
        }
    }

    private static func value(
        _ point: Point, _ behaviour: Behaviour, _ exponent: Int, _ seconds: Double
    ) -> Value? {
        switch behaviour {
        case .fixed(.text(let text)): return .text(text)
        case .fixed(let value): return value.number.flatMap { point.dataType.value(nearest: $0) }
        case .raw(let key): return raw(Double(key(seconds)), point, exponent)
        case .number(let number):
            let number = number(seconds)
            guard point.kind == .counter, let range = point.wire.rawRange, range.lowerBound == 0 else {
                return point.dataType.value(nearest: number)
            }
            let modulus = point.counter?.modulus.map { Double($0) } ?? range.upperBound + 1
            let counts = inRegister(number, point, exponent).rounded(.down)
            return raw(counts.truncatingRemainder(dividingBy: modulus), point, exponent)
        }
    }

    private static func inRegister(_ number: Double, _ point: Point, _ exponent: Int) -> Double {
        (number / power(exponent) - point.scaling.offset) * point.scaling.denominator / point.scaling.numerator
    }

    /// The value that a raw number stands for.
    private static func raw(_ raw: Double, _ point: Point, _ exponent: Int) -> Value? {
        let unscaled = raw * point.scaling.numerator / point.scaling.denominator + point.scaling.offset
        return point.dataType.value(nearest: unscaled * power(exponent))
    }

    private static func power(_ exponent: Int) -> Double {
        (0..<abs(exponent)).reduce(1.0) { power, _ in exponent > 0 ? power * 10 : power / 10 }
    }
}

extension AlarmLogic {
    fileprivate func raised(by decoded: Decoded) -> Bool {
        var logic = self
        return logic.take(decoded)
    }
}
