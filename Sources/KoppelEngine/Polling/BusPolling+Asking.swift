internal import KoppelCore
internal import Logging

/// One question at a time: may the unit be asked, how long is it waited for, and what becomes of the answer.
extension BusPolling {
    enum Asked {
        /// Answered, and told to the machine.
        case answered
        /// Failed, or the unit wants to be left alone; told to the machine.
        case failed
        /// The unit leaves the bus to the others; nothing was asked.
        case heldBack
        /// The stop cut the wait short; the unit had no time to answer, so nothing is known of it.
        case stopped
    }

    /// Asks what is planned. A lost answer is asked for again only if that can end before the slot does, at `end`.
    mutating func ask(_ machine: Int, _ read: PreparedRead, until end: Duration) async -> Asked {
        if let condition = await openLink() {
            machines[machine].failed(read, condition: condition, now: now, time: parts.wallClock.now)
            return .failed
        }
        let unit = unitOfMachine[machine]
        let breaker = units[unit].breaker
        guard breaker.mayAsk(now: now), mayTakeTime(unit) else {
            guard breaker.isUnanswered else { return .heldBack }
            machines[machine].failed(read, condition: breaker.condition, now: now, time: parts.wallClock.now)
            return .failed
        }
        hasAsked = true
        var retries = 0
        while true {
            switch await exchange(unit, machine, read, isRepeat: retries > 0) {
            case .success(let answer):
                guard await isBelievable(answer, machine, read, until: end) else { return .failed }
                let pause = machines[machine].take(answer, for: read, now: now)
                note(units[unit].answered(answer, request: read.plan.request, pause: pause, now: now), machine)
                return pause == nil ? .answered : .failed
            case .failure(let error):
                if Task.isCancelled { return .stopped }
                if error.kind == .answerOutstanding {
                    // Nothing was asked, so this says nothing of the unit.
                    machines[machine].failed(read, condition: error.condition, now: now, time: parts.wallClock.now)
                    return .failed
                }
                if error.recovery == .nextSlot {
                    note(units[unit].unanswered(error, time: parts.wallClock.now, now: now), machine, error)
                    if retries < units[unit].retries, mayAskAgain(unit, read, until: end) {
                        retries += 1
                        continue
                    }
                } else {
                    linkFailed(error)
                    // A unit that ends the connection each time it is asked is asked less and less, like one that is silent.
                    if link.brokeWhileWorking {
                        note(units[unit].unanswered(error, time: parts.wallClock.now, now: now), machine, error)
                    }
                }
                machines[machine].failed(read, condition: error.condition, now: now, time: parts.wallClock.now)
                if error.kind == .timeout { machines[machine].wasSilent(to: read, time: parts.wallClock.now) }
                return .failed
            }
        }
    }

    mutating func exchange(
        _ unit: Int, _ machine: Int, _ read: PreparedRead, isRepeat: Bool
    ) async -> Result<ReadAnswer, BusError> {
        units[unit].asked(again: isRepeat)
        let begin = now
        let result: Result<ReadAnswer, BusError>
        do throws(BusError) {
            let answer = try await parts.link.transact(
                read.plan.request, timeout: units[unit].timeout(for: read.plan.time),
                pause: machines[machine].timing.pauseBeforeRequest ?? .zero)
            noteAnswer()
            result = .success(answer)
        } catch {
            result = .failure(error)
        }
        account(for: unit, machine, begin...now, read)
        return result
    }

    // MARK: Share

    /// Books the time on the unit. Who waited is only looked up when something took long.
    private mutating func account(for unit: Int, _ machine: Int, _ span: ClosedRange<Duration>, _ read: PreparedRead) {
        let ordinary = max(read.plan.time, figures.usualResponse)
        let isSlow = span.upperBound - span.lowerBound > ordinary * BusTimeShare.leniency
        let edge = units[unit].used(
            span, ordinary: ordinary, wantedAt: isSlow ? wantedAt(besides: unit) : .nanoseconds(Int64.max))
        figures.busy += span.upperBound - span.lowerBound
        note(edge, machine)
    }

    /// True if the unit keeps to its share, or nobody else wants the bus for as long as it will take.
    private func mayTakeTime(_ unit: Int) -> Bool {
        let now = now
        guard units[unit].time.isSpent(now: now) else { return true }
        return now + units[unit].expectedSpan <= wantedAt(besides: unit)
    }

    private func mayAskAgain(_ unit: Int, _ read: PreparedRead, until end: Duration) -> Bool {
        !units[unit].breaker.isSilent && now + units[unit].timeout(for: read.plan.time) <= end && mayTakeTime(unit)
    }

    // MARK: Link

    /// Opens the link if it is closed and its back-off is over.
    ///
    /// - Returns: The condition of everything on the bus while it is closed; `nil` if it is open.
    private mutating func openLink() async -> Condition? {
        if link.isOpen { return nil }
        guard now >= link.nextAttempt else { return link.condition }
        hasAsked = true
        do throws(BusError) {
            try await parts.link.open()
            link.opened()
            return nil
        } catch {
            linkFailed(error)
            return error.condition
        }
    }

    private mutating func noteAnswer() {
        guard let failures = link.answered() else { return }
        Logger.current.notice(
            "The bus is there again", metadata: ["bus": "\(bus.id)", "attempts": "\(failures)"])
    }

    mutating func linkFailed(_ error: BusError) {
        figures.linkFailures += 1
        figures.lastLinkTrouble = UnitTrouble(cause: .error(error), time: parts.wallClock.now)
        let news: Logger.Message
        switch link.failed(error, now: now, jitter: parts.jitter()) {
        case .none: return
        case .gone: news = "The bus is gone; it is opened again by itself"
        case .breaks: news = "The connection of the bus breaks again and again; it is renewed each time"
        }
        Logger.current.warning(news, metadata: ["bus": "\(bus.id)", "error": "\(error)"])
    }

    private func note(_ edge: PolledUnit.Edge, _ machine: Int, _ error: BusError? = nil) {
        guard edge != .none else { return }
        let unit = units[unitOfMachine[machine]]
        var metadata: Logger.Metadata = [
            "bus": "\(bus.id)", "machine": "\(machines[machine].id)",
            "modbus.unit": "\(machines[machine].unit.rawValue)",
        ]
        switch edge {
        case .none: return
        case .wentSilent(let never):
            if let error { metadata["error"] = "\(error)" }
            Logger.current.warning("\(unit.breaker.condition.silence(never: never))", metadata: metadata)
        case .answersAgain(let missed):
            metadata["missed"] = "\(missed)"
            Logger.current.notice("The unit answers again", metadata: metadata)
        case .tookTooMuch:
            metadata["share"] = "\(Int((unit.share * 100).rounded())) %"
            Logger.current.warning(
                "The unit takes more than its share of the bus; it is asked less often, so that the others keep their pace",
                metadata: metadata)
        }
    }
}

extension Condition {
    /// What a technician is told of a unit that is left alone for a while because of this.
    fileprivate func silence(never: Bool) -> String {
        switch self {
        case .gatewayPath, .gatewayTarget: "The gateway says that the unit is absent; it is asked again now and then"
        case .busy, .acknowledge: "The unit says that it is busy; it is asked again now and then"
        case _ where never:
            "The unit has not answered since polling began. Check unit id, power and wiring, on a serial line also baud "
                + "rate and parity; it is asked again now and then"
        default: "The unit does not answer; it is asked again now and then"
        }
    }
}
