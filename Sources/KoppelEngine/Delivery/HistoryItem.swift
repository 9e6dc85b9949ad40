internal import KoppelCore

/// One message of the history: readings that can be cut again, or what happened and is whole.
enum HistoryItem: Sendable {
    case batch([StoredRecord])
    case occurrence(OutgoingMessage)

    /// The last record of a batch.
    var end: JournalPosition? { if case .batch(let records) = self { records.last?.position } else { nil } }

    /// Two smaller messages in place of it; `nil` if it cannot be made smaller.
    var halves: (HistoryItem, HistoryItem)? {
        guard case .batch(let records) = self, let (first, second) = BatchCutter.halves(of: records) else { return nil }
        return (.batch(first), .batch(second))
    }
}

extension Dialect {
    /// The message of an item; `nil` if the machine is not known any more.
    func message(_ item: HistoryItem, buffered: Bool) -> OutgoingMessage? {
        switch item {
        case .batch(let records): batch(records, buffered: buffered)
        case .occurrence(let message): message
        }
    }
}
