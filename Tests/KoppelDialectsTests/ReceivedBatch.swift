import Foundation
import KoppelCore
import Testing

/// A reading as a receiver of batches has it, with the status code in place of the reason.
struct ReceivedReading: Hashable {
    var signal: String
    var seq: UInt64
    var time: Int64
    var value: Value?
    var code: UInt32
}

/// A batch as Foundation's decoder reads it. (Foundation's `JSONSerialization` is no use here: on Linux it gives a
/// Double of seventeen digits a few units off.)
struct ReceivedBatch: Decodable {
    struct Series: Decodable {
        var signal: String
        var unit: String?
        var seq: UInt64
        var dt: [Int64]?
        var v: [Scalar]
        var s: [UInt32]?
    }

    enum Scalar: Decodable {
        case null
        case bool(Bool)
        case text(String)
        case number(Double, signed: Int64?, unsigned: UInt64?)

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if container.decodeNil() {
                self = .null
            } else if let value = try? container.decode(Bool.self) {
                self = .bool(value)
            } else if let value = try? container.decode(String.self) {
                self = .text(value)
            } else {
                self = .number(
                    try container.decode(Double.self), signed: try? container.decode(Int64.self),
                    unsigned: try? container.decode(UInt64.self))
            }
        }
    }

    var machine: String
    var rev: UInt32
    var epoch: UInt32
    var t0: String
    var dt: [Int64]
    var buffered: Bool
    var clock: String
    var series: [Series]

    init(_ payload: [UInt8]) throws {
        self = try JSONDecoder().decode(ReceivedBatch.self, from: Data(payload))
    }

    /// All readings, in the order of the message, with the types of the machine's descriptor.
    func readings(of machine: MachineDescription) throws -> [ReceivedReading] {
        let origin = try nanoseconds(t0)
        return try series.flatMap { series in
            let signal = try #require(machine.signals.first { $0.name.description == series.signal })
            #expect(series.unit == signal.unit?.ucum)
            let offsets = series.dt ?? dt
            #expect(offsets.count == series.v.count)
            #expect(series.s.map(\.count) ?? series.v.count == series.v.count)
            #expect(series.s?.contains { $0 != 0 } != false, "s is left out when all codes are 0")
            return try series.v.indices.map { index in
                ReceivedReading(
                    signal: series.signal, seq: series.seq + UInt64(index), time: origin + offsets[index],
                    value: try series.v[index].value(as: signal.dataType), code: series.s?[index] ?? 0)
            }
        }
    }

    /// Whole seconds by Foundation, the nine fraction digits by hand, since a Date would round them.
    private func nanoseconds(_ text: String) throws -> Int64 {
        let parts = text.split(separator: ".")
        try #require(parts.count == 2 && parts[1].count == 10 && parts[1].last == "Z")
        let seconds = try Date(String(parts[0]) + "Z", strategy: .iso8601).timeIntervalSince1970
        return Int64(seconds) * 1_000_000_000 + (try #require(Int64(parts[1].dropLast())))
    }
}

extension ReceivedBatch.Scalar {
    fileprivate func value(as type: DataType) throws -> Value? {
        switch (self, type) {
        case (.null, _): nil
        case (.bool(let value), .boolean): .bool(value)
        case (.text(let value), .string): .text(value)
        case (.text(let value), .int64): .int(try #require(Int64(value)))
        case (.text(let value), .uint64): .uint(try #require(UInt64(value)))
        case (.number(let value, _, _), .float): .float(Float(value))
        case (.number(let value, _, _), .double): .double(value)
        case (.number(_, let value, _), .int64): .int(try #require(value))
        case (.number(_, _, let value), .uint64), (.number(_, _, let value), .uint16): .uint(try #require(value))
        default:
            throw WrongType(description: "\(self) for a signal of type \(type.rawValue)")
        }
    }

    private struct WrongType: Error, CustomStringConvertible { var description: String }
}

extension ReceivedReading {
    /// What a receiver must get for a stored reading; `nil` if the signal is not described any more.
    init?(_ reading: Reading, of machine: MachineDescription) {
        guard let signal = machine.signals.first(where: { $0.number == reading.signal }) else { return nil }
        self.init(
            signal: signal.name.description, seq: reading.seq, time: reading.time.nanoseconds, value: reading.value,
            code: reading.condition.statusCode)
    }
}
