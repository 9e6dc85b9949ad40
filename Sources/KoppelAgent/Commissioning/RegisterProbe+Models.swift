package import KoppelCore

/// Looks for SunSpec models, as the agent does (`koppel read`, `scan` and `report`).
extension RegisterProbe {
    package struct Walk: Sendable {
        package enum End: Sendable {
            case found(ModelChain)
            case noMarker
            /// Nobody answered.
            case failed(BusError)
        }

        package var end: End
        package var requests: Int
        /// How many of them got no answer.
        package var unanswered: Int
        /// How long each answer took.
        package var times: [Duration]
    }

    /// After so many questions without an answer the walk is over.
    private static let mostUnanswered = 3

    /// Asks where the models of a unit lie: at most three questions for the marker and one for each model.
    package func walk(_ unit: UnitID, _ timing: UnitTiming = UnitTiming()) async -> Walk {
        await Self.walk(unit) { question in
            await ask(question, timeout: timing.responseTimeout, pause: timing.pauseBeforeRequest ?? .zero)
        }
    }

    /// The same, for one who asks in a way of its own.
    static func walk<Failure: Error>(
        _ unit: UnitID, ask: (ReadRequest) async throws(Failure) -> Reply
    ) async throws(Failure) -> Walk {
        var walk = ChainWalk(unit: unit)
        var result = Walk(end: .noMarker, requests: 0, unanswered: 0, times: [])
        while let question = walk.question, !Task.isCancelled {
            result.requests += 1
            switch try await ask(question) {
            case .answer(let outcome, let elapsed):
                result.times.append(elapsed)
                walk.answered(outcome)
            case .failed(let error):
                walk.unanswered()
                result.unanswered += 1
                guard result.unanswered < mostUnanswered else {
                    result.end = .failed(error)
                    return result
                }
            }
        }
        if case .found(let chain) = walk.result { result.end = .found(chain) }
        return result
    }
}
