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

    private mutating func tellLayout(of machine: Int) {
        guard let news = machines[machine].takeLayoutNews() else { return }
        units[unitOfMachine[machine]].note(news)
        let metadata: Logger.Metadata = [
            "bus": "\(bus.id)", "machine": "\(machines[machine].id)",
            "modbus.unit": "\(machines[machine].unit.rawValue)", "layout": "\(news)",
        ]
        switch news {
        case .found: Logger.current.notice("The device says where its registers are", metadata: metadata)
        case .otherDevice, .noMarker:
            Logger.current.warning(
                "The device does not have the registers that its profile reads; it is looked at again now and then",
                metadata: metadata)
        }
    }
}
