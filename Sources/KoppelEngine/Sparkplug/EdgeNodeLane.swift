internal import KoppelCore

/// One way through the journal: what is stored from the births on, or what was stored before.
struct EdgeNodeLane: Sendable {
    enum Kind: Sendable { case live, history }

    /// A message that is to be made, and the stretch it belongs to.
    struct Item: Sendable {
        let machine: MachineNumber
        var data: [StoredRecord]
        let stretch: UInt64
    }

    let kind: Kind
    /// What was read from the journal so far.
    var position = JournalPosition.start
    /// Where the lane ends; the live lane has no end.
    var end = JournalPosition.start
    /// What was read and not told yet, in order.
    var items: [Item] = []
    private var ledger = DeliveryLedger()
    private var written: LaggingCursor

    init(_ kind: Kind, lag: Duration) {
        self.kind = kind
        written = LaggingCursor(lag: lag)
    }

    /// True if there is more to tell in a lane that has an end.
    var isBehind: Bool { !items.isEmpty || position < end }

    mutating func begin(at position: JournalPosition, end: JournalPosition) {
        (self.position, self.end) = (position, end)
    }

    /// Takes over a stretch of the journal: a message for the records of each machine, with at most so many readings
    /// unless a single record holds more.
    mutating func take(_ stretch: [StoredRecord], mostReadings: Int, now: Duration) {
        guard let last = stretch.last else { return }
        position = last.position
        var cut: [(machine: MachineNumber, records: [StoredRecord], readings: Int)] = []
        var place: [MachineNumber: Int] = [:]
        for stored in stretch {
            let machine = stored.record.machine
            let count = stored.record.readings.count + stored.record.gaps.count
            if let index = place[machine], cut[index].readings + count <= mostReadings {
                cut[index].records.append(stored)
                cut[index].readings += count
            } else {
                place[machine] = cut.count
                cut.append((machine, [stored], count))
            }
        }
        let (number, cursor) = ledger.open(end: last.position, messages: cut.count)
        if let cursor { written.wrote(cursor, at: now) }
        items += cut.map { Item(machine: $0.machine, data: $0.records, stretch: number) }
    }

    /// One more message is made of the item than was said.
    mutating func grow(_ item: Item) { ledger.grow(item.stretch) }

    mutating func handedOver(_ token: DeliveryToken, _ item: Item) {
        // A message is acknowledged by a later event, so the hand-over alone never completes a stretch.
        _ = ledger.handedOver(token, of: item.stretch)
    }

    /// The message was written.
    mutating func settled(_ token: DeliveryToken, at now: Duration) {
        if let cursor = ledger.settled(token) { written.wrote(cursor, at: now) }
    }

    /// The item needed no message.
    mutating func passed(_ item: Item, at now: Duration) {
        if let cursor = ledger.settledOne(of: item.stretch) { written.wrote(cursor, at: now) }
    }

    /// The newest place that counts as reached; `nil` if there is no new one.
    mutating func reached(now: Duration) -> JournalPosition? { written.reached(now: now) }

    mutating func reset() {
        items.removeAll()
        ledger.reset()
        written.reset()
    }
}
