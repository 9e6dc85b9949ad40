/// A value with the reason for its quality, as decoding gives it. The value is `nil` exactly when the condition
/// is bad.
package struct Decoded: Hashable, Sendable {
    package var value: Value?
    package var condition: Condition

    package init(value: Value?, condition: Condition) {
        self.value = value
        self.condition = condition
    }

    package static func bad(_ condition: Condition) -> Decoded { Decoded(value: nil, condition: condition) }
}
