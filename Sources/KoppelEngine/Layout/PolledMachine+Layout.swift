internal import KoppelCore

/// Where the registers of a SunSpec machine lie: found in the device, then read like those of any other.
extension PolledMachine {
    /// The question whose answer has to come before the due signals can be read; `nil` if they can be, or cannot at all.
    ///
    /// If it fails, so do they.
    mutating func layoutQuestion(_ due: [Int], now: Duration) -> PreparedRead? {
        guard let request = layout?.question(now: now) else { return nil }
        let waiting = due.flatMap { groups[$0].points }.filter { givenUp[$0] == nil }
        return PreparedRead(layoutQuestion: request, for: waiting, time: cost.time(of: request.table, count: 2))
    }

    /// Takes in the answer to ``layoutQuestion(_:now:)``.
    mutating func tookLayout(_ answer: ReadAnswer, now: Duration) {
        guard layout?.answered(answer, now: now) == true, let finding = layout?.finding else { return }
        switch finding {
        case .chain(let chain):
            let located = settings.located(in: chain)
            layoutNews = LayoutNews(chain, for: located)
            apply(located)
        case .noMarker:
            layoutNews = .noMarker
            apply(.unlocated(settings))
        case .unsteady:
            layoutNews = .unsteady
            apply(.unlocated(settings))
        }
    }

    /// True if the answer is one of the device whose layout is known; else the layout has to be looked for before the
    /// answer can be believed.
    mutating func layoutHolds(_ answer: ReadAnswer) -> Bool {
        layout?.holds(over: answer.connection) ?? true
    }

    /// True if the layout was found over the connection that the answer came over.
    func layoutWasFound(with answer: ReadAnswer) -> Bool { layout?.wasFound(over: answer.connection) ?? true }

    private mutating func apply(_ found: LocatedMachine) {
        located = found
        layoutEdition += 1
        // What was learned is true of addresses, and these mean something else now.
        learning = UnitLearning(machine: settings)
        forgetCompanions()
        replan()
    }

    /// What was found out since this was last asked.
    mutating func takeLayoutNews() -> LayoutNews? {
        defer { layoutNews = nil }
        return layoutNews
    }
}
