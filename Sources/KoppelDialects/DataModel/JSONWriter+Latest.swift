internal import KoppelCore

/// The latest value of a signal (data model 3.12 a).
extension JSONWriter {
    mutating func latest(
        _ reading: Reading, of signal: PreparedMachine.Signal, rev: UInt32, epoch: UInt32, last: LastValue?
    ) {
        let condition = reading.publishedCondition
        let quality = condition.quality
        openObject()
        key("value")
        if quality != .bad, let value = reading.value { scalar(value) } else { null() }
        member("quality", quality.name)
        if condition != .good {
            member("reason", condition.reason)
            key("statusCode")
            unsigned(UInt64(condition.statusCode))
        }
        key("sourceTime")
        time(reading.time)
        key("seq")
        unsigned(reading.seq)
        key("epoch")
        unsigned(UInt64(epoch))
        key("rev")
        unsigned(UInt64(rev))
        raw(signal.unitMember)
        if quality == .bad, let last, last.value.isPublishable {
            key("last")
            openObject()
            key("value")
            scalar(last.value)
            key("sourceTime")
            time(last.time)
            closeObject()
        }
        closeObject()
    }

}

extension Reading {
    /// The condition to publish: the reading's own, but bad where its value has no JSON form.
    ///
    /// A reading that says it is usable and holds no number would be our own fault. It may already stand in a journal,
    /// where a trap would return at each replay, so it goes out as what it is: not decoded (field rule P50).
    var publishedCondition: Condition {
        guard condition.quality != .bad else { return condition }
        return value?.isPublishable == true ? condition : .decodeError
    }
}

extension Value {
    /// False for numbers that are not finite, which JSON cannot hold.
    var isPublishable: Bool {
        switch self {
        case .float(let value): value.isFinite
        case .double(let value): value.isFinite
        case .bool, .int, .uint, .text: true
        }
    }
}
