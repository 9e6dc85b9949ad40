/// One thing a diagnosis says about a bus, in words an installer can use.
package struct BusFinding: Hashable, Sendable {
    /// What is the matter. The raw value is the name in JSON.
    package enum Cause: String, CaseIterable, Sendable {
        case healthy, unsteady
        case portMissing = "port-missing"
        case noPermission = "no-permission"
        case portBusy = "port-busy"
        case unusable
        case unknownHost = "unknown-host"
        case portClosed = "port-closed"
        case hostSilent = "host-silent"
        case hangsUp = "hangs-up"
        case acceptsButSilent = "accepts-but-silent"
        case nothingAnswers = "nothing-answers"
        case wrongLineSettings = "wrong-line-settings"
        case wrongFraming = "wrong-framing"
        case wrongUnit = "wrong-unit"
        case answersAsAnother = "answers-as-another-unit"
        case secondMaster = "second-master"
        case duplicateUnit = "duplicate-unit"
        case localEcho = "local-echo"
        case noise
    }

    package enum Certainty: Int, Comparable, Sendable {
        case possible, likely, certain

        package static func < (left: Certainty, right: Certainty) -> Bool { left.rawValue < right.rawValue }

        package var name: String { ["possible", "likely", "certain"][rawValue] }
    }

    package var cause: Cause
    package var certainty: Certainty
    /// What was seen.
    package var evidence: String
    /// What to do now.
    package var advice: String

    package init(_ cause: Cause, _ certainty: Certainty, evidence: String, advice: String) {
        self.cause = cause
        self.certainty = certainty
        self.evidence = evidence
        self.advice = advice
    }
}
