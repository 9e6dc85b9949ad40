/// Why a sharing policy leaves its destination closed: what nobody can promise is not acted upon (data model 3.17).
package enum PolicyRefusal: Hashable, Sendable {
    package enum Part: String, Sendable { case operand, `operator`, action, value, term }

    /// What this version cannot enforce.
    package enum Limit: Hashable, Sendable {
        case function(SharingPolicy.Function)
        /// Single values beside windows.
        case valuesBesideWindows
        /// Something that shows what is newer than the delay allows.
        case delayOf(SharingPolicy.TopicClass)
    }

    case notUnderstood(Part, String, path: String)
    case noAgreement
    /// The policy was written for this destination.
    case otherDestination(String)
    case otherDataset(agreed: String)
    case otherParty(agreed: String)
    case otherRecipient(agreed: [String], path: String)
    case otherPurpose(agreed: [String], path: String)
    /// The window given, `nil` for single readings; or the class that shows more than windows.
    case finerThanAgreed(Duration, given: Duration?, class: SharingPolicy.TopicClass?, path: String)
    case longerThanAgreed(Timestamp, path: String)
    case earlierThanAgreed(Timestamp, path: String)
    /// `nil` if the agreement does not ask the recipient to delete.
    case keptLongerThanStated(Duration?, path: String)
    case cannotEnforce(Limit)

    /// Where in the descriptor, as keys and places from 1 joined by dots.
    package var path: String {
        switch self {
        case .notUnderstood(_, _, let path), .otherRecipient(_, let path), .otherPurpose(_, let path),
            .finerThanAgreed(_, _, _, let path), .longerThanAgreed(_, let path), .earlierThanAgreed(_, let path),
            .keptLongerThanStated(_, let path):
            path
        case .noAgreement: "agreement"
        case .otherDestination: "destination.id"
        case .otherDataset: "agreement.target"
        case .otherParty: "agreement.assignee"
        case .cannotEnforce(let limit):
            switch limit {
            case .function: "enforcement.functions"
            case .valuesBesideWindows: "enforcement.classes"
            case .delayOf: "enforcement.delay"
            }
        }
    }

    /// The reason as the audit names it.
    package var token: String {
        switch self {
        case .notUnderstood(.operand, _, _): "unknown-operand"
        case .notUnderstood(.operator, _, _): "unknown-operator"
        case .notUnderstood(.action, _, _): "unknown-action"
        case .notUnderstood: "agreement-not-understood"
        case .noAgreement: "no-agreement"
        case .otherDestination: "other-destination"
        case .otherDataset: "other-dataset"
        case .otherParty, .otherRecipient: "other-party"
        case .otherPurpose: "other-purpose"
        case .finerThanAgreed: "finer-than-agreed"
        case .longerThanAgreed, .earlierThanAgreed: "longer-than-agreed"
        case .keptLongerThanStated: "retention-not-agreed"
        case .cannotEnforce: "cannot-enforce"
        }
    }
}

extension PolicyRefusal: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notUnderstood(let part, let text, _): "the \(part.rawValue) `\(text)` of the agreement is not understood"
        case .noAgreement: "there is no agreement with this party"
        case .otherDestination(let id): "the policy was written for the destination `\(id)`"
        case .otherDataset(let agreed): "the agreement is about another dataset, \(agreed)"
        case .otherParty(let agreed): "the agreement is with another party, \(agreed)"
        case .otherRecipient(let agreed, _): "the agreement names another recipient, \(agreed.joined(separator: ", "))"
        case .otherPurpose(let agreed, _):
            "the agreement names another purpose than the policy, \(agreed.joined(separator: ", "))"
        case .finerThanAgreed(let agreed, _, .some(let one), _):
            "`\(one.rawValue)` shows more than the windows of \(agreed.iso8601) that were agreed"
        case .finerThanAgreed(let agreed, .some(let given), nil, _):
            "windows of \(given.iso8601) are finer than the \(agreed.iso8601) that were agreed"
        case .finerThanAgreed(let agreed, nil, nil, _):
            "single readings would leave, and windows of \(agreed.iso8601) were agreed"
        case .longerThanAgreed(let until, _): "validUntil lies after \(until.utcText), until when it was agreed"
        case .earlierThanAgreed(let from, _): "validFrom lies before \(from.utcText), from when it was agreed"
        case .keptLongerThanStated(.some(let agreed), _):
            "the recipient may keep the data for \(agreed.iso8601), longer than recipientRetention says"
        case .keptLongerThanStated(nil, _): "recipientRetention stands here, and the agreement asks nobody to delete"
        case .cannotEnforce(.function(let function)): "`\(function.rawValue)` is not made by this version"
        case .cannotEnforce(.valuesBesideWindows): "`_value` shows single readings, and a window allows none"
        case .cannotEnforce(.delayOf(let one)): "`\(one.rawValue)` shows what is newer than the delay allows"
        }
    }
}
