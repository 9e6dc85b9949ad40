internal import Crypto
package import KoppelCore
internal import Logging

/// Decides on each message for another party and writes the decision down before the message leaves (data model 3.18).
package actor DepartureGate<C: Clock> where C.Duration == Duration {
    /// Who departs where, for the records.
    package struct Names: Sendable {
        package var agent: String
        package var destination: Identifier

        package init(agent: String, destination: Identifier) {
            self.agent = agent
            self.destination = destination
        }
    }

    private struct Told {
        var at: Duration
        /// Since then.
        var count: UInt64 = 0
    }

    /// A refusal is written down at its first time and then at most this often, with how often it happened.
    private static var refusalsEvery: Duration { .seconds(3_600) }
    private static var retryEvery: Duration { .seconds(5) }

    private let names: Names
    private let policy: AuditEntry.Policy
    private var rules: DepartureRules
    private var limit: HourlyLimit?
    /// What left in an earlier run, or before the site file was loaded again, counts as well.
    private var hasCounted = false
    private let trail: any AuditTrail
    private let wallClock: WallClock
    private let clock: C
    private let begin: C.Instant
    /// By reason; there are a handful.
    private var told: [String: Told] = [:]
    private var isTrailFailing = false
    private var isWaiting = false

    package init(
        names: Names, policy: SharingPolicy, rules: DepartureRules, trail: any AuditTrail, wallClock: WallClock,
        clock: C
    ) {
        self.names = names
        self.policy = AuditEntry.Policy(policy)
        self.rules = rules
        limit = policy.enforcement.maximumMessagesPerHour.map(HourlyLimit.init)
        self.trail = trail
        self.wallClock = wallClock
        self.clock = clock
        begin = clock.now
    }

    /// Whether the message leaves, once it may and is written down; `nil` if the task was cancelled while it waited.
    func admits(_ message: OutgoingMessage) async -> Bool? {
        while !Task.isCancelled {
            if case .refused(let decision, let why) = rules.judge(message, wall: wallClock.wall) {
                await refuse(message, decision, why)
                return false
            }
            guard await countEarlier() else {
                do { try await clock.sleep(for: Self.retryEvery) } catch { return nil }
                continue
            }
            if let pause = limit?.take(at: begin.duration(to: clock.now)) {
                tellWaiting(pause)
                do { try await clock.sleep(for: pause) } catch { return nil }
                continue
            }
            isWaiting = false
            if await writeDown(entry(message, .sent)) { return true }
            do { try await clock.sleep(for: Self.retryEvery) } catch { return nil }
        }
        return nil
    }

    /// A message that was written down as sent did not get there.
    func failed(_ message: OutgoingMessage, why: String) async {
        _ = await writeDown(entry(message, .failed, why: why))
    }

    private func refuse(_ message: OutgoingMessage, _ decision: AuditEntry.Decision, _ why: String) async {
        let now = begin.duration(to: clock.now)
        told[why]?.count += 1
        if let before = told[why], now - before.at < Self.refusalsEvery { return }
        var record = entry(message, decision, why: why)
        record.content.samples = max(record.content.samples, told[why]?.count ?? 1)
        told[why] = Told(at: now)
        Logger.current.warning(
            "A message was not let out to another party",
            metadata: [
                "destination": "\(names.destination)", "mqtt.topic": "\(message.topic)", "reason": "\(why)",
            ])
        _ = await writeDown(record)
    }

    private func writeDown(_ entry: AuditEntry) async -> Bool {
        do throws(AuditError) {
            try await trail.append(entry)
            tellTrail(nil)
            return true
        } catch {
            tellTrail(error)
            return false
        }
    }

    /// One log line when the audit log fails, and one when it works again.
    private func tellTrail(_ error: AuditError?) {
        if let error, !isTrailFailing {
            Logger.current.error(
                "The audit log cannot be used; nothing leaves to this destination until it can",
                metadata: ["destination": "\(names.destination)", "error": "\(error)"])
        } else if error == nil, isTrailFailing {
            Logger.current.notice("The audit log works again", metadata: ["destination": "\(names.destination)"])
        }
        isTrailFailing = error != nil
    }

    /// Has the policy's limit count what the audit log says of the last hour: an agent that is started again and again
    /// sends no more than one that runs on.
    ///
    /// - Returns: False if the audit log cannot be read.
    private func countEarlier() async -> Bool {
        guard let most = limit?.limit, !hasCounted else { return true }
        do throws(AuditError) {
            let ages = try await trail.ages(ofDeparturesTo: names.destination, at: wallClock.wall, most: most)
            // Another message may have waited for the same answer.
            if !hasCounted { limit?.count(ages, before: begin.duration(to: clock.now)) }
            hasCounted = true
            tellTrail(nil)
            return true
        } catch {
            tellTrail(error)
            return false
        }
    }

    private func tellWaiting(_ pause: Duration) {
        guard !isWaiting else { return }
        isWaiting = true
        Logger.current.notice(
            "The policy allows no more messages in this hour; the next ones wait",
            metadata: ["destination": "\(names.destination)", "seconds": "\(Int(pause.inSeconds.rounded()))"])
    }

    private func entry(_ message: OutgoingMessage, _ decision: AuditEntry.Decision, why: String? = nil) -> AuditEntry {
        var entry = AuditEntry(
            time: wallClock.wall, agent: names.agent, destination: names.destination, decision: decision, why: why,
            policy: policy, topic: message.topic,
            content: message.content ?? MessageContent(topicClass: message.topicClass ?? "_unknown"))
        guard decision == .sent || decision == .failed else { return entry }
        entry.qos = message.qos
        entry.retain = message.retain
        entry.payload = AuditEntry.Payload(
            bytes: UInt64(message.payload.count), hash: SHA256.token(of: message.payload),
            contentType: message.contentType ?? "application/octet-stream")
        return entry
    }
}

extension AuditEntry {
    /// A destination stays closed: why, once for each time the site file is loaded.
    package static func closed(
        _ destination: Identifier, by policy: SharingPolicy, why: PolicyRefusal, agent: String, topics: String,
        time: Timestamp
    ) -> AuditEntry {
        AuditEntry(
            time: time, agent: agent, destination: destination, decision: .denied, why: why.token,
            policy: Policy(policy), topic: topics, content: MessageContent(topicClass: "_destination"))
    }
}
