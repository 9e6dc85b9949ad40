package import KoppelCore

/// One unit on one bus: what a learned fact is true of (field rules P02, P30).
package struct UnitOnBus: Hashable, Sendable {
    package let bus: Identifier
    package let unit: UnitID

    package init(bus: Identifier, unit: UnitID) {
        self.bus = bus
        self.unit = unit
    }
}

/// A profile in one version: the units of which may expect the same of their registers. A new version of a profile
/// starts without any learned fact.
package struct DeviceModel: Hashable, Sendable {
    package let profile: Identifier
    package let version: String

    package init(profile: Identifier, version: String) {
        self.profile = profile
        self.version = version
    }
}

/// Something a unit was seen to refuse that its profile does not tell (field rules P28 to P30, P32).
///
/// It is true of one unit, one table and one range. Other units of the same model take it as a presumption: they read
/// the range apart from the start, and one answer or one refusal of their own settles it for them.
package struct LearnedFact: Hashable, Sendable {
    /// How long a fact holds before it is put to the test again; doubled each time the test confirms it.
    package static let firstHold = Duration.seconds(24 * 3_600)
    package static let longestHold = Duration.seconds(32 * 24 * 3_600)
    /// At most so many facts of one unit are kept; what comes after is not learned.
    package static let mostPerUnit = 64

    package enum Kind: Hashable, Sendable {
        /// Addresses of points that were refused again and again when asked by themselves, and never answered. They
        /// are not asked while the fact holds.
        case points(RegisterSpan)
        /// Addresses between points, which no read runs across.
        case gap(RegisterSpan)
        /// How many registers or bits one request may ask for: the most that was answered, the least that was
        /// refused.
        case limit(RegisterTable, answered: Int, refused: Int)
    }

    package var unit: UnitOnBus
    package var model: DeviceModel
    package var kind: Kind
    /// What the unit said; `nil` if it said nothing.
    package var exception: ModbusException?
    /// When it was learned first.
    package var learned: Timestamp
    /// When it was last confirmed.
    package var confirmed: Timestamp
    /// From ``firstHold`` to ``longestHold``, counted from ``confirmed``.
    package var holds: Duration

    package init(
        unit: UnitOnBus, model: DeviceModel, kind: Kind, exception: ModbusException?, learned: Timestamp,
        confirmed: Timestamp? = nil, holds: Duration = firstHold
    ) {
        self.unit = unit
        self.model = model
        self.kind = kind
        self.exception = exception
        self.learned = learned
        self.confirmed = confirmed ?? learned
        self.holds = holds
    }

    /// When it is put to the test again, on the wall clock.
    package var retry: Timestamp { confirmed.advanced(by: holds) }

    /// How long it still holds, from zero to ``holds`` however wrong the wall clock may be.
    package func remaining(at time: Timestamp) -> Duration {
        let left = Duration.nanoseconds(retry.nanoseconds) - .nanoseconds(time.nanoseconds)
        return min(max(.zero, left), holds)
    }

    /// The same fact, seen to be true once more.
    package func confirmed(at time: Timestamp) -> LearnedFact {
        var fact = self
        fact.confirmed = time
        fact.holds = min(holds * 2, Self.longestHold)
        return fact
    }

    /// True if both speak of the same addresses, or of the length of requests in the same table.
    package func isAboutSame(as other: Kind) -> Bool {
        switch (kind, other) {
        case (.points(let mine), .points(let its)), (.gap(let mine), .gap(let its)): mine == its
        case (.limit(let mine, _, _), .limit(let its, _, _)): mine == its
        default: false
        }
    }
}

extension LearnedFact.Kind {
    package var table: RegisterTable {
        switch self {
        case .points(let span), .gap(let span): span.table
        case .limit(let table, _, _): table
        }
    }

    /// The addresses that no read may run across; `nil` for a limit.
    package var span: RegisterSpan? {
        switch self {
        case .points(let span), .gap(let span): span
        case .limit: nil
        }
    }
}

extension LearnedFact: CustomStringConvertible {
    /// For people: `input 12 to 13 is refused, so it is not asked for (exception 2 (illegal data address))`.
    package var description: String {
        let said = exception.map(\.description) ?? "no answer"
        switch kind {
        case .points(let span): return "\(span) is refused, so it is not asked for (\(said))"
        case .gap(let span): return "\(span) lies between signals and is refused, so no read runs across it (\(said))"
        case .limit(let table, let answered, let refused):
            let what = table.isBits ? "bits" : "registers"
            return "\(refused) \(table.name) \(what) in one request are refused, \(answered) are answered (\(said))"
        }
    }
}
