import KoppelCore
import Synchronization

/// An uplink that connects, refuses and acknowledges when the test says so.
final class ScriptedUplink: Uplink {
    private struct State {
        var onEvent: (@Sendable (UplinkEvent) -> Void)?
        var isConnected = false
        var nextToken: UInt64 = 1
        var open: [(token: DeliveryToken, message: OutgoingMessage)] = []
        var all: [OutgoingMessage] = []
        var acknowledgesByItself = true
        var largest = 0
        var refuses: (line: String, reasonCode: UInt8)?
        var terms: (@Sendable (Bool) async -> UplinkTerms)?
        var connectWasSent = false
        var runs = 0
    }

    private let state = Mutex(State())

    func run(
        terms: @escaping @Sendable (_ connectWasSent: Bool) async -> UplinkTerms,
        onEvent: @escaping @Sendable (UplinkEvent) -> Void
    ) async throws(UplinkError) {
        state.withLock {
            $0.onEvent = onEvent
            $0.terms = terms
            $0.connectWasSent = false
            $0.runs += 1
        }
        // An end in order drops the connection without a word.
        defer { state.withLock { $0.isConnected = false } }
        while !Task.isCancelled {
            do { try await ContinuousClock().sleep(for: .seconds(60)) } catch { return }
        }
    }

    func publish(_ message: OutgoingMessage) async throws(UplinkError) -> DeliveryToken {
        let result: (DeliveryToken, UplinkEvent, (@Sendable (UplinkEvent) -> Void)?)? = state.withLock { state in
            guard state.isConnected else { return nil }
            let token = DeliveryToken(rawValue: state.nextToken)
            state.nextToken += 1
            state.all.append(message)
            state.open.append((token, message))
            state.largest = max(state.largest, state.open.count)
            if let refuses = state.refuses, message.lines.contains(refuses.line) {
                state.open.removeLast()
                return (token, .refused(token, Refusal(reasonCode: refuses.reasonCode)), state.onEvent)
            }
            if state.acknowledgesByItself {
                state.open.removeLast()
                return (token, .acknowledged(token), state.onEvent)
            }
            return (token, .acknowledged(token), nil)
        }
        guard let (token, event, tell) = result else {
            throw UplinkError(kind: .notConnected, destination: "plant", description: "not connected")
        }
        tell?(event)
        return token
    }

    // MARK: What the test does

    var isRunning: Bool { state.withLock { $0.onEvent != nil } }
    var messages: [OutgoingMessage] { state.withLock { $0.all } }
    var openCount: Int { state.withLock { $0.open.count } }
    var largestOpenCount: Int { state.withLock { $0.largest } }

    func connect(_ facts: ConnectionFacts = ConnectionFacts(), acknowledging: Bool = true) {
        tell { state in
            state.isConnected = true
            state.acknowledgesByItself = acknowledging
            return [.connected(facts)]
        }
    }

    /// Connects as the link would: with terms asked for anew.
    ///
    /// - Returns: The terms.
    func connectOnTerms(_ facts: ConnectionFacts = ConnectionFacts()) async -> UplinkTerms {
        let (ask, wasSent) = state.withLock { state in
            defer { state.connectWasSent = true }
            return (state.terms, state.connectWasSent)
        }
        let terms = await ask?(wasSent) ?? UplinkTerms()
        connect(facts)
        return terms
    }

    /// How often the link was run.
    var runs: Int { state.withLock { $0.runs } }

    /// The broker brings a message.
    func bring(_ message: IncomingMessage) { tell { _ in [.received(message)] } }

    func disconnect() {
        tell { state in
            state.isConnected = false
            state.open = []
            return [
                .disconnected(UplinkError(kind: .connectionLost, destination: "plant", description: "gone"))
            ]
        }
    }

    func acknowledgeAll() {
        tell { state in
            defer { state.open = [] }
            return state.open.map { .acknowledged($0.token) }
        }
    }

    func acknowledgesByItself(_ on: Bool) { state.withLock { $0.acknowledgesByItself = on } }

    /// Refuses each message with this line; `nil` takes everything again.
    func alwaysRefuses(_ line: String?, reasonCode: UInt8) {
        state.withLock { $0.refuses = line.map { ($0, reasonCode) } }
    }

    /// Refuses the open messages of a kind.
    func refuse(where matches: (OutgoingMessage) -> Bool, reasonCode: UInt8) {
        tell { state in
            let refused = state.open.filter { matches($0.message) }
            state.open.removeAll { matches($0.message) }
            return refused.map { .refused($0.token, Refusal(reasonCode: reasonCode)) }
        }
    }

    private func tell(_ change: (inout State) -> [UplinkEvent]) {
        let (events, onEvent) = state.withLock { (change(&$0), $0.onEvent) }
        for event in events { onEvent?(event) }
    }
}
