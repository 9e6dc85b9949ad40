/// What a window counts: production and energy, from counters or from power (data model 3.7 to 3.9).
///
/// A pure value of constant size. Each step of a counter belongs to the window in which it was read.
package struct AmountLogic: Sendable {
    /// `all`, `good`, `bad`, `cycles`, or `active-import` and its kind.
    package let name: String
    package let unit: String
    /// What one unit of the signal is in ``unit``.
    private let factor: Double
    /// How long without an answer before the window says that it may lack some.
    private let patience: Duration
    /// What holds before anything is doubted: good, or simulated.
    private let usual: Condition
    private var delta = 0.0
    private var condition: Condition
    private var hasCounted = false
    private var total: Double?
    private var last: (now: Duration, power: Double)?
    private var heardAt: Duration?

    /// `isSimulated` if what is counted is a simulated source, which is never good (data model 4.2, row 30).
    package init(name: String, unit: String, factor: Double = 1, patience: Duration, isSimulated: Bool = false) {
        self.name = name
        self.unit = unit
        self.factor = factor
        self.patience = patience
        usual = isSimulated ? .simulated : .good
        condition = usual
    }

    /// Goes on where an open window stood when the agent stopped. What the counter did since comes with its first step,
    /// which counts from the last stored reading; what it did between that reading and the open window's last word is
    /// the difference of the totals. That is below zero where
    /// the window had counted what was not worth storing: the first step brings it again.
    package mutating func resume(_ amount: MachineWindow.Amount, total now: Double?) {
        delta = amount.delta ?? 0
        hasCounted = amount.delta != nil
        condition = amount.condition == .good ? usual : amount.condition
        if let before = amount.total, let now {
            delta += (now - before) * factor
        } else if amount.total == nil {
            doubt(.fewGoodSamples)
        }
    }

    /// A counter was read; `total` is its running total after this step, in the signal's unit.
    package mutating func counted(_ step: CounterLogic.Step, total: Double?, now: Duration) {
        self.total = total
        if let heardAt, now - heardAt > patience { doubt(.fewGoodSamples) }
        heardAt = now
        switch step.verdict {
        case .first: doubt(.fewGoodSamples)
        case .gap: doubt(.counterReset)
        case .counted, .rollover, .reset:
            delta += (step.credit?.number ?? 0) * factor
            hasCounted = true
            if step.total != .good { doubt(step.total) }
        }
    }

    /// Power was read; what lies between two readings not too far apart is their mean times the time. Only what the
    /// machine draws counts.
    package mutating func integrated(_ power: Double?, now: Duration) {
        doubt(.derived)
        guard let power else {
            last = nil
            return
        }
        if let last, now - last.now <= patience {
            delta += max(0, (last.power + power) / 2) * (now - last.now).inSeconds / 3_600 * factor
            hasCounted = true
        } else {
            doubt(.fewGoodSamples)
        }
        last = (now, power)
    }

    /// The machine does not answer any more.
    package mutating func lost() { doubt(.fewGoodSamples) }

    /// What the window has so far.
    package var amount: MachineWindow.Amount {
        MachineWindow.Amount(
            name: name, unit: unit, delta: hasCounted ? max(0, delta) : nil,
            condition: hasCounted ? condition : .waiting,
            total: total)
    }

    /// A new window begins.
    package mutating func begin() {
        delta = 0
        condition = usual
        hasCounted = false
    }

    /// The worst that is known stays; a doubt about the samples gives way to one about the counter, and row 27 of the
    /// table comes before row 30.
    private mutating func doubt(_ new: Condition) {
        if condition == .good || condition == .derived || new == .counterReset { condition = new }
        if condition == .simulated, new == .derived { condition = new }
    }

    /// Of `all`, `good` and `bad`, the one that is not counted follows from the others (data model 3.7).
    package static func completed(_ counts: [MachineWindow.Amount]) -> [MachineWindow.Amount] {
        func find(_ name: String) -> MachineWindow.Amount? { counts.first { $0.name == name } }
        let derived: MachineWindow.Amount?
        switch (find("all"), find("good"), find("bad")) {
        case (let all?, let good?, nil): derived = third("bad", from: all, good, sign: -1)
        case (let all?, nil, let bad?): derived = third("good", from: all, bad, sign: -1)
        case (nil, let good?, let bad?): derived = third("all", from: good, bad, sign: 1)
        default: derived = nil
        }
        return counts + (derived.map { [$0] } ?? [])
    }

    private static func third(
        _ name: String, from one: MachineWindow.Amount, _ other: MachineWindow.Amount, sign: Double
    ) -> MachineWindow.Amount {
        let delta = one.delta.flatMap { one in other.delta.map { one + sign * $0 } }
        // More bad than all there are: the two counters were not read at one moment.
        let isPossible = delta.map { $0 >= 0 } ?? false
        let worst = one.condition.quality < other.condition.quality ? other.condition : one.condition
        return MachineWindow.Amount(
            name: name, unit: one.unit, delta: isPossible ? delta : nil,
            condition: isPossible ? (worst == .good ? .derived : worst) : .waiting)
    }
}
