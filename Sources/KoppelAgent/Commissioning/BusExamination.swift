package import KoppelCore
internal import KoppelEngine
internal import KoppelModbus

/// Looks at a silent or noisy bus from all sides (`koppel doctor`). What it saw goes to ``BusDiagnosis``.
///
/// It listens first. Then it asks the unit three times; only if that gives no good answer, and nobody else uses the
/// bus, it asks in the other framing, asks other units, and tries other rates and formats. Everything is bounded:
/// at most 4 + 2 + 32 + 18 questions, each a read of one register, and one wait each.
package struct BusExamination: Sendable {
    /// What is about to happen at most, to be told before it does.
    package struct Preview: Sendable {
        package var requests: Int
        package var time: Duration
    }

    package struct Options: Sendable {
        package var unit: UnitID
        /// Who is asked if the unit is silent; at most 32 are.
        package var sweep: [UnitID]
        package var listening: Duration
        /// How long the unit itself is waited for.
        package var timeout: Duration

        package init(unit: UnitID, sweep: [UnitID], listening: Duration, timeout: Duration) {
            self.unit = unit
            self.sweep = Array(sweep.prefix(32))
            self.listening = listening
            self.timeout = timeout
        }
    }

    /// In the order of how often they are met.
    static let rates = [9_600, 19_200, 38_400, 115_200, 57_600, 4_800, 2_400, 1_200]
    static let formats: [SerialLine.Parity] = [.none, .even]
    private static let directQuestions = 3
    /// A silence that ends an answer: USB adapters pause up to 16 ms within one.
    private static let quiet = Duration.milliseconds(60)

    private let bus: BusSettings
    private let options: Options

    package init(bus: BusSettings, options: Options) {
        self.bus = bus
        self.options = options
    }

    private var shortTimeout: Duration { min(options.timeout, .milliseconds(250)) }
    private var framing: Framing { if case .tcp = bus.endpoint { .tcp } else { .rtu } }

    private var otherLines: [SerialLine] {
        guard case .rtu(_, let own) = bus.endpoint else { return [] }
        return Self.rates.flatMap { baud in
            Self.formats.map { parity in
                var line = own
                (line.baud, line.parity, line.stopBits) = (baud, parity, 1)
                return line
            }
        }.filter { $0 != own }
    }

    package var preview: Preview {
        let direct = Self.directQuestions
        let framings = otherLines.isEmpty ? 2 : 0
        let rest = options.sweep.count + otherLines.count + framings
        return Preview(
            requests: direct + rest,
            time: options.listening + options.timeout * direct + shortTimeout * rest)
    }

    /// Looks. A bus that cannot be opened is a result too. `tell` is called before each step with what it is.
    package func run(tell: @Sendable (String) -> Void) async -> BusObservations {
        var seen = BusObservations(endpoint: bus.endpoint, unit: options.unit)
        let line = DiagnosticLine(bus)
        do throws(BusError) {
            tell("opening")
            try await line.open()
        } catch {
            seen.opening = error.kind
            return seen
        }
        tell("listening")
        seen.listened = options.listening
        let heard = await line.listen(for: options.listening)
        seen.overheard = FrameFinder.traffic(in: heard.bytes, framing: framing, hasEnded: heard.hasEnded)
        for number in 1...Self.directQuestions {
            tell("asking unit \(options.unit.rawValue), \(number) of \(Self.directQuestions)")
            // Devices that keep silent about one kind of register mostly know the other.
            let table: RegisterTable = number == 2 ? .inputRegister : .holdingRegister
            if let probe = await ask(line, options.unit, table: table, wait: options.timeout) {
                seen.direct.append(probe)
            }
        }
        let answered = seen.direct.contains { $0.ownAnswers > 0 }
        let isInUse = !seen.overheard.frames.isEmpty || seen.direct.contains(where: \.hasForeignQuestion)
        seen.wasCautious = isInUse && !answered
        // Whoever answers in the place of the unit has been found already.
        let hasStranger = seen.direct.contains { !$0.strangers.isEmpty }
        if !answered, !isInUse, !hasStranger { await lookElsewhere(line, &seen, tell) }
        await line.close()
        return seen
    }

    private func lookElsewhere(
        _ line: DiagnosticLine, _ seen: inout BusObservations, _ tell: @Sendable (String) -> Void
    ) async {
        if otherLines.isEmpty {
            let other: Framing = framing == .tcp ? .rtu : .tcp
            for table in [RegisterTable.holdingRegister, .inputRegister] {
                tell("asking in \(other.rawValue) frames")
                // What the server made of our frames so far must not spoil the next.
                await line.close()
                if let probe = await ask(line, options.unit, table: table, framing: other, wait: shortTimeout) {
                    seen.otherFraming.append(probe)
                }
            }
            await line.close()
            if seen.otherFraming.contains(where: { $0.ownAnswers > 0 }) { return }
        }
        for unit in options.sweep where unit != options.unit && !Task.isCancelled {
            tell("asking unit \(unit.rawValue)")
            if let probe = await ask(line, unit, wait: shortTimeout) { seen.sweep.append(probe) }
        }
        if seen.sweep.contains(where: { $0.ownAnswers > 0 }) { return }
        guard case .rtu(let device, _) = bus.endpoint else { return }
        await line.close()
        for settings in otherLines where !Task.isCancelled {
            tell("trying \(settings.baud) 8\(settings.parity.rawValue)\(settings.stopBits)")
            var other = bus
            other.endpoint = .rtu(device: device, line: settings)
            let line = DiagnosticLine(other)
            // At a low rate the frames themselves take long.
            let wait = shortTimeout + settings.characterTime * 16
            if let probe = await ask(line, options.unit, at: settings, wait: wait) { seen.otherLines.append(probe) }
            await line.close()
            if seen.otherLines.last.map({ $0.ownAnswers > 0 }) == true { return }
        }
    }

    /// `nil` if the line could not be opened again: what was there a moment ago has gone, and says nothing.
    private func ask(
        _ line: DiagnosticLine, _ unit: UnitID, table: RegisterTable = .holdingRegister, framing: Framing? = nil,
        at settings: SerialLine? = nil, wait: Duration
    ) async -> ProbeObservation? {
        let framing = framing ?? self.framing
        guard let request = ReadRequest(unit: unit, table: table, start: 0, count: 1) else { return nil }
        do throws(BusError) { try await line.open() } catch { return nil }
        var heard = await line.ask(request, framing: framing, for: wait, quiet: Self.quiet)
        let question = DiagnosticLine.rtuBytes(request)
        let isEchoed = framing == .rtu && heard.bytes.starts(with: question)
        if isEchoed { heard.bytes.removeFirst(question.count) }
        if isEchoed, heard.bytes.isEmpty {
            // The quiet after the echo is the device thinking.
            heard.bytes = await line.listen(for: wait).bytes
        }
        var own: SerialLine? = settings
        if own == nil, case .rtu(_, let line) = bus.endpoint { own = line }
        return ProbeObservation(
            unit: unit, function: table.rawValue, framing: framing, line: own, isEchoed: isEchoed,
            traffic: FrameFinder.traffic(in: heard.bytes, framing: framing, hasEnded: heard.hasEnded),
            firstByteAfter: heard.firstAfter)
    }
}
