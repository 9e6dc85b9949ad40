internal import Foundation
package import KoppelCore
internal import KoppelMQTT

/// The independent receiver behind `koppel verify`: it subscribes as a hub would and keeps books of what comes.
package struct BrokerVerification: Sendable {
    package enum Ending: Sendable {
        /// Until the task is cancelled.
        case cancelled
        /// Until all that was missing has come or was declared, and five seconds brought nothing that had waited.
        case complete
    }

    package struct Outcome: Sendable {
        package var account: ReceptionAccount
        /// Why it ended before its time: the broker cannot be reached, or not any more.
        package var failure: UplinkError?
    }

    private let settings: DestinationSettings
    private let topic: String
    private let timing: MQTTTiming
    /// The longest to try to get a broken connection back.
    private let patience: Duration

    /// - Parameters:
    ///   - address: Where the broker is and who we are to it.
    ///   - topic: The filter to listen to.
    ///   - patience: The longest to try to get a broken connection back.
    package init(_ address: Address, topic: String, patience: Duration = .seconds(60)) {
        // The session has a name of its own, so that nobody's is taken over. Each digit is safe with every broker.
        let name = (0..<10).map { _ in String(UInt8.random(in: 0...9)) }.joined()
        settings = DestinationSettings(
            id: Self.id, host: address.host, port: address.port, tls: address.tls, user: address.user,
            password: address.password, clientID: "koppelverify\(name)", version: .mqtt311, publish: [.meta],
            share: .all, keepalive: .seconds(15))
        self.topic = topic
        self.patience = patience
        timing = MQTTTiming()
    }

    package struct Address: Hashable, Sendable {
        package var host: String
        package var port: UInt16
        package var tls: TLSSettings?
        package var user: String?
        package var password: SecretReference?

        package init(
            host: String, port: UInt16, tls: TLSSettings? = nil, user: String? = nil, password: SecretReference? = nil
        ) {
            self.host = host
            self.port = port
            self.tls = tls
            self.user = user
            self.password = password
        }
    }

    /// Listens until the end that was asked for, or the task is cancelled.
    ///
    /// - Parameters:
    ///   - ending: When it ends by itself.
    ///   - listening: Called once, when the broker has agreed to tell what is published.
    ///   - progress: Called about once a second.
    /// - Returns: The books, and why it ended before its time if it did.
    package func run(
        until ending: Ending, listening: @Sendable () -> Void, progress: @Sendable (ReceptionAccount) -> Void
    ) async -> Outcome {
        let listener = BrokerListener(settings: settings, filter: topic, timing: timing)
        var account = ReceptionAccount()
        do throws(UplinkError) {
            _ = try await listener.connect()
            listening()
            try await listen(to: listener, until: ending, &account, progress)
        } catch {
            return Outcome(account: account, failure: error)
        }
        await listener.end()
        return Outcome(account: account, failure: nil)
    }

    private func listen(
        to listener: BrokerListener, until ending: Ending, _ account: inout ReceptionAccount,
        _ progress: (ReceptionAccount) -> Void
    ) async throws(UplinkError) {
        let reader = MessageReader()
        var shown = ContinuousClock.now
        var waitedAt = ContinuousClock.now
        while !Task.isCancelled {
            do throws(UplinkError) {
                let received = try await listener.messages(within: .milliseconds(500))
                if received.lost > 0 { account.noteAbsence() }
                for message in received.messages where take(message, reader, &account) { waitedAt = .now }
            } catch {
                try await comeBack(to: listener, after: error, &account)
                waitedAt = .now
            }
            if .now - shown >= .seconds(1) {
                progress(account)
                shown = .now
                let isQuiet = shown - waitedAt >= .seconds(5)
                if case .complete = ending, isQuiet, account.readings > 0, account.missing == 0 { return }
            }
        }
    }

    /// - Returns: True if it had waited at the agent.
    private func take(_ message: IncomingMessage, _ reader: MessageReader, _ account: inout ReceptionAccount) -> Bool {
        account.noteMessage()
        // An empty message clears a retained one.
        guard !message.payload.isEmpty else { return false }
        switch reader.read(message) {
        case .batch(let batch, let label):
            account.take(batch, label: label)
            return batch.isBuffered
        case .status(let isOnline, let session, let agent): account.take(status: isOnline, session: session, of: agent)
        case .other: break
        case .odd(let oddity): account.take(oddity, topic: message.topic)
        }
        return false
    }

    /// Connects again after the connection broke. If the broker has forgotten us, we were away.
    private func comeBack(
        to listener: BrokerListener, after first: UplinkError, _ account: inout ReceptionAccount
    ) async throws(UplinkError) {
        let deadline = ContinuousClock.now + patience
        var error = first
        while .now < deadline {
            // Cancelled: the account is as it is.
            do { try await ContinuousClock().sleep(for: .milliseconds(500)) } catch { return }
            do throws(UplinkError) {
                if try await !listener.connect() { account.noteAbsence() }
                return
            } catch let again {
                error = again
            }
        }
        throw error
    }

    private static let id: Identifier = {
        guard let id = Identifier("verify") else { preconditionFailure("an identifier takes lower-case letters") }
        return id
    }()
}
