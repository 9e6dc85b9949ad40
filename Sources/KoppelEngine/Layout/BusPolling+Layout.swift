internal import KoppelCore
internal import Logging

/// Before the values of a SunSpec machine come the questions where they are.
extension BusPolling {
    /// Finds out where the machine's signals lie, if that is not known.
    ///
    /// - Returns: False if nothing can be read in this turn; the due signals were told why.
    mutating func findLayout(_ turn: Turn) async -> Bool {
        let machine = turn.machine
        while let question = machines[machine].layoutQuestion(turn.groups, now: now) {
            guard !Task.isCancelled else {
                notAsked(question, turn, .agentStopped)
                return false
            }
            switch await ask(machine, question, until: turn.end) {
            case .answered: tellLayout(of: machine)
            case .failed:
                machines[machine].tick(turn.groups, now: now, time: parts.wallClock.now)
                return false
            case .stopped:
                notAsked(question, turn, .agentStopped)
                return false
            case .heldBack:
                notAsked(question, turn, .slotMissed)
                units[unitOfMachine[machine]].missed(1)
                return false
            }
            letTimePass()
        }
        return true
    }

    /// Whether the values in this answer are those of the signals: if it came over a new connection, the models are looked
    /// for first, and have to be where they were.
    ///
    /// - Returns: False if it is not known or not so; the signals of the read were told.
    mutating func isBelievable(
        _ answer: ReadAnswer, _ machine: Int, _ read: PreparedRead, until end: Duration
    ) async -> Bool {
        guard !read.asksForLayout, !machines[machine].layoutHolds(answer) else { return true }
        let edition = machines[machine].layoutEdition
        while let question = machines[machine].layoutQuestion([], now: now) {
            guard !Task.isCancelled, now < end else {
                machines[machine].failed(read, condition: .decodeError, now: now, time: parts.wallClock.now)
                return false
            }
            switch await exchange(unitOfMachine[machine], machine, question, isRepeat: false) {
            case .success(let told):
                guard machines[machine].take(told, for: question, now: now) != nil else { continue }
                machines[machine].failed(read, condition: .decodeError, now: now, time: parts.wallClock.now)
                return false
            case .failure(let error):
                if error.recovery != .nextSlot { linkFailed(error) }
                machines[machine].failed(read, condition: error.condition, now: now, time: parts.wallClock.now)
                return false
            }
        }
        tellLayout(of: machine)
        // A connection that was renewed once more in between says nothing of the one that the answer came over.
        let isSame = machines[machine].layoutEdition == edition && machines[machine].layoutWasFound(with: answer)
        guard !isSame else { return true }
        machines[machine].failed(read, condition: .decodeError, now: now, time: parts.wallClock.now)
        return false
    }

    private mutating func tellLayout(of machine: Int) {
        guard let news = machines[machine].takeLayoutNews() else { return }
        let problems = machines[machine].problems
        units[unitOfMachine[machine]].note(news, problem: problems.first)
        let metadata: Logger.Metadata = [
            "bus": "\(bus.id)", "machine": "\(machines[machine].id)",
            "modbus.unit": "\(machines[machine].unit.rawValue)", "layout": "\(news)",
        ]
        switch news {
        case .found: Logger.current.notice("The device says where its registers are", metadata: metadata)
        case .otherDevice, .noMarker, .unsteady:
            Logger.current.warning(
                "The device does not have the registers that its profile reads; it is looked at again now and then",
                metadata: metadata)
        }
        for problem in problems {
            Logger.current.error(
                "Some signals can never be read",
                metadata: ["machine": "\(machines[machine].id)", "error": "\(problem)"])
        }
    }
}
