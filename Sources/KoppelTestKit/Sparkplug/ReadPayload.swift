/// A Sparkplug payload read byte by byte after the field numbers of the specification, sharing no code with the
/// sender: what is not of the wire format, or of an unknown field, is no payload.
package struct ReadPayload: Hashable, Sendable {
    package struct Metric: Hashable, Sendable {
        package var name: String?
        package var alias: UInt64?
        package var timestamp: UInt64?
        package var datatype: UInt64?
        package var isHistorical: Bool?
        package var isTransient: Bool?
        package var isNull: Bool?
        package var properties: [Property] = []
        /// By the number of its field, 10 to 15, as it stood on the wire.
        package var value: Value?
    }

    package struct Property: Hashable, Sendable {
        package var key: String
        package var type: UInt64?
        package var isNull: Bool?
        /// By the number of its field, 3 to 8.
        package var value: Value?
    }

    package struct Value: Hashable, Sendable {
        package var field: Int
        package var content: Content

        package enum Content: Hashable, Sendable {
            case number(UInt64)
            case float(Float)
            case double(Double)
            case text(String)
        }

        package var number: UInt64? { if case .number(let number) = content { number } else { nil } }
        package var text: String? { if case .text(let text) = content { text } else { nil } }
        package var float: Float? { if case .float(let float) = content { float } else { nil } }
        package var double: Double? { if case .double(let double) = content { double } else { nil } }
    }

    package var timestamp: UInt64?
    package var metrics: [Metric] = []
    package var seq: UInt64?

    /// `nil` if the bytes are no payload.
    package init?(_ bytes: [UInt8]) {
        guard let fields = WireField.all(in: bytes[...]) else { return nil }
        for field in fields {
            switch (field.number, field.content) {
            case (1, .number(let number)): timestamp = number
            case (2, .bytes(let bytes)):
                guard let metric = Metric(bytes) else { return nil }
                metrics.append(metric)
            case (3, .number(let number)): seq = number
            default: return nil
            }
        }
    }

    package func metric(_ name: String) -> Metric? { metrics.first { $0.name == name } }
}

extension ReadPayload.Metric {
    init?(_ bytes: ArraySlice<UInt8>) {
        guard let fields = WireField.all(in: bytes) else { return nil }
        for field in fields {
            switch (field.number, field.content) {
            case (1, .bytes(let bytes)): name = String(validating: bytes, as: UTF8.self)
            case (2, .number(let number)): alias = number
            case (3, .number(let number)): timestamp = number
            case (4, .number(let number)): datatype = number
            case (5, .number(let number)): isHistorical = number == 1
            case (6, .number(let number)): isTransient = number == 1
            case (7, .number(let number)): isNull = number == 1
            case (9, .bytes(let bytes)):
                guard let read = Self.properties(bytes) else { return nil }
                properties = read
            case (10...15, _):
                guard value == nil, let read = ReadPayload.Value(field, first: 10) else { return nil }
                value = read
            default: return nil
            }
        }
    }

    private static func properties(_ bytes: ArraySlice<UInt8>) -> [ReadPayload.Property]? {
        guard let fields = WireField.all(in: bytes) else { return nil }
        var keys: [String] = []
        var values: [ReadPayload.Property] = []
        for field in fields {
            guard case .bytes(let bytes) = field.content else { return nil }
            if field.number == 1 {
                guard let key = String(validating: bytes, as: UTF8.self) else { return nil }
                keys.append(key)
            } else {
                guard field.number == 2, let property = ReadPayload.Property(bytes) else { return nil }
                values.append(property)
            }
        }
        guard keys.count == values.count else { return nil }
        for index in keys.indices { values[index].key = keys[index] }
        return values
    }

    package func property(_ key: String) -> ReadPayload.Property? { properties.first { $0.key == key } }

    /// Of the property Quality.
    package var quality: UInt64? { property("Quality")?.value?.number }
}

extension ReadPayload.Property {
    init?(_ bytes: ArraySlice<UInt8>) {
        guard let fields = WireField.all(in: bytes) else { return nil }
        key = ""
        for field in fields {
            switch (field.number, field.content) {
            case (1, .number(let number)): type = number
            case (2, .number(let number)): isNull = number == 1
            case (3...8, _):
                guard value == nil, let read = ReadPayload.Value(field, first: 3) else { return nil }
                value = read
            default: return nil
            }
        }
    }
}

extension ReadPayload.Value {
    /// `first` is the field of the whole numbers of 32 bits; long, float, double, bool and text follow it.
    init?(_ field: WireField, first: Int) {
        self.field = field.number
        switch (field.number - first, field.content) {
        case (0, .number(let number)) where number <= UInt32.max: content = .number(number)
        case (1, .number(let number)): content = .number(number)
        case (2, .bits32(let bits)): content = .float(Float(bitPattern: bits))
        case (3, .bits64(let bits)): content = .double(Double(bitPattern: bits))
        case (4, .number(let number)) where number <= 1: content = .number(number)
        case (5, .bytes(let bytes)):
            guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
            content = .text(text)
        default: return nil
        }
    }
}
