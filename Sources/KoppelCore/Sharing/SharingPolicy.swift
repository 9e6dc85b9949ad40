/// What its owner shares with one destination, as the sharing descriptor of the data model (3.17) says it.
///
/// The file was checked for its form; whether it may be acted upon is what ``refusals(of:)`` says.
package struct SharingPolicy: Hashable, Sendable {
    /// What a destination is to the owner.
    package enum Kind: String, CaseIterable, Sendable {
        case ownBroker = "own-broker"
        case hub, supplier, customer, fieldlab
        case dataSpace = "data-space"
        case cloud
    }

    /// The kinds of topic that may leave.
    package enum TopicClass: String, CaseIterable, Sendable {
        case meta = "_meta"
        case value = "_value"
        case batch = "_batch"
        case state = "_state"
        case event = "_event"
        case alarm = "_alarm"
        case oee = "_oee"

        /// The kind of publication it is.
        package var publication: DestinationSettings.Publication {
            switch self {
            case .meta: .meta
            case .value: .values
            case .batch: .batches
            case .state: .state
            case .event: .events
            case .alarm: .alarms
            case .oee: .oee
            }
        }
    }

    /// What gets another name, or none, on the way out.
    package enum Pseudonym: String, CaseIterable, Sendable {
        case machine, area, line, cell, nameplate, `operator`, order
    }

    package enum OnViolation: String, CaseIterable, Sendable {
        case dropAndAudit = "drop-and-audit"
        case stopDestination = "stop-destination"
    }

    /// A figure that one window of a signal gives.
    package enum Function: String, CaseIterable, Sendable {
        case mean, min, max, last, delta, count, stddev

        /// `nil` for a figure that this version cannot make.
        package var aggregate: Aggregate.Function? { Aggregate.Function(rawValue: rawValue) }
    }

    /// Readings leave only as figures of whole windows of UTC.
    package struct Resolution: Hashable, Sendable {
        /// At least a second, at most 31 days.
        package var window: Duration
        package var functions: [Function]
        /// 0 to 1.
        package var minimumGoodFraction: Double

        package init(window: Duration, functions: [Function], minimumGoodFraction: Double) {
            self.window = window
            self.functions = functions
            self.minimumGoodFraction = minimumGoodFraction
        }
    }

    /// The part the agent enforces.
    package struct Enforcement: Hashable, Sendable {
        package var classes: Set<TopicClass>
        package var include: [SignalPattern]
        package var exclude: [SignalPattern]
        /// `nil` if single readings leave.
        package var resolution: Resolution?
        /// 1 to 17.
        package var significantDigits: Int?
        /// How old a reading is before it leaves.
        package var delay: Duration
        package var pseudonymise: Set<Pseudonym>
        /// How long the recipient says it keeps what it gets. Agreed, not enforced.
        package var recipientRetention: Duration?
        /// Of all messages together, in any hour; 1 to 100,000.
        package var maximumMessagesPerHour: Int?
        package var validFrom: Timestamp
        package var validUntil: Timestamp
        package var onViolation: OnViolation

        package init(
            classes: Set<TopicClass>, include: [SignalPattern], exclude: [SignalPattern] = [],
            resolution: Resolution? = nil, significantDigits: Int? = nil, delay: Duration = .zero,
            pseudonymise: Set<Pseudonym> = [], recipientRetention: Duration? = nil,
            maximumMessagesPerHour: Int? = nil, validFrom: Timestamp, validUntil: Timestamp,
            onViolation: OnViolation = .dropAndAudit
        ) {
            self.classes = classes
            self.include = include
            self.exclude = exclude
            self.resolution = resolution
            self.significantDigits = significantDigits
            self.delay = delay
            self.pseudonymise = pseudonymise
            self.recipientRetention = recipientRetention
            self.maximumMessagesPerHour = maximumMessagesPerHour
            self.validFrom = validFrom
            self.validUntil = validUntil
            self.onViolation = onViolation
        }

        package func includes(_ signal: SignalName) -> Bool {
            include.contains { $0.matches(signal) } && !exclude.contains { $0.matches(signal) }
        }
    }

    /// The file it came from.
    package var path: String
    /// `urn:uuid:` of the descriptor.
    package var id: String
    package var version: Int
    /// The destination it was written for.
    package var destination: String
    package var kind: Kind
    /// Who gets the data.
    package var party: String
    package var purposes: [String]
    /// The `@id` of the dataset.
    package var dataset: String
    /// The ODRL agreement as it stands in the file.
    package var agreement: JSONTree?
    package var enforcement: Enforcement
    /// The whole descriptor in the form of RFC 8785, of which the audit keeps the hash.
    package var canonical: String
    /// Why the destination stays closed; empty if the policy may be acted upon.
    package var refusals: [PolicyRefusal]

    package init(
        path: String, id: String, version: Int, destination: String, kind: Kind, party: String, purposes: [String],
        dataset: String, agreement: JSONTree?, enforcement: Enforcement, canonical: String,
        refusals: [PolicyRefusal] = []
    ) {
        self.path = path
        self.id = id
        self.version = version
        self.destination = destination
        self.kind = kind
        self.party = party
        self.purposes = purposes
        self.dataset = dataset
        self.agreement = agreement
        self.enforcement = enforcement
        self.canonical = canonical
        self.refusals = refusals
    }

    /// The `@id` of the agreement.
    package var agreementID: String? { agreement?["@id"]?.text }
}
