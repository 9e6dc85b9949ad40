extension JSONTree: Decodable {
    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// Any JSON document. Whole numbers of up to 2^53 - 1 become integers.
    package init(from decoder: any Decoder) throws {
        if let object = try? decoder.container(keyedBy: Name.self) {  // what it is not, it may be next
            self = .object(
                try object.allKeys.map { Member($0.stringValue, try object.decode(JSONTree.self, forKey: $0)) })
            return
        }
        if var list = try? decoder.unkeyedContainer() {  // what it is not, it may be next
            var items: [JSONTree] = []
            while !list.isAtEnd { items.append(try list.decode(JSONTree.self)) }
            self = .array(items)
            return
        }
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let flag = try? value.decode(Bool.self) {  // what it is not, it may be next
            self = .bool(flag)
        } else if let number = try? value.decode(Double.self) {  // what it is not, it is a text
            self =
                number.rounded() == number && abs(number) < 9_007_199_254_740_992
                ? .integer(Int64(number)) : .number(number)
        } else {
            self = .string(try value.decode(String.self))
        }
    }

    /// The text of a string; `nil` for anything else.
    package var text: String? { if case .string(let text) = self { text } else { nil } }
}
