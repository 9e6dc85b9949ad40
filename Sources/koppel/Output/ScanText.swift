internal import KoppelAgent
internal import KoppelCore

/// What `koppel scan` is about to do, and what it found.
struct ScanText {
    let bus: String
    let style: TerminalStyle

    func preview(_ previews: [UnitScan.Preview], share: Int) -> String {
        let least = previews.reduce(Duration.zero) { $0 + $1.least }
        let most = previews.reduce(Duration.zero) { $0 + $1.most }
        let units = previews.first?.units ?? 0
        let lines = previews.count > 1 ? " on each of \(previews.count) line settings" : ""
        return "Asking \(PlainText.count(units, "unit"))\(lines) takes \(least.plainText) if all answer and "
            + "\(most.plainText) if none does, at \(share) % of the bus time. Only reading.\n"
    }

    func text(_ results: [(bus: BusSettings, outcome: UnitScan.Outcome)]) -> String {
        results.map { result in
            let line = result.bus.endpoint.lineText
            let title = line.isEmpty || results.count == 1 ? "" : style.paint(line, .strong) + "\n"
            return title + text(result.outcome)
        }.joined(separator: "\n")
    }

    private func text(_ outcome: UnitScan.Outcome) -> String {
        var table = TextTable([
            .number("unit"), .text("answer"), .number("response"), .text("looks like"),
        ])
        for answer in outcome.answers {
            table.add([
                "\(answer.unit.rawValue)", Self.text(answer.outcome), answer.elapsed.plainText,
                answer.fits.first.map(Self.text) ?? "",
            ])
            if answer.fits.isEmpty, answer.models != nil { table.add(["", "", "", "SunSpec, without a profile here"]) }
            for fit in answer.fits.dropFirst() { table.add(["", "", "", "or \(Self.text(fit))"]) }
        }
        for (unit, error) in outcome.broken {
            table.add(["\(unit.rawValue)", "broken: \(Self.reason(error))", "", "run koppel doctor on this bus"])
        }
        var text = outcome.answers.isEmpty && outcome.broken.isEmpty ? "" : table.rendered(style)
        text += "\(PlainText.count(outcome.answers.count, "unit")) of \(count(outcome)) "
        text += "\(outcome.answers.count == 1 ? "answers" : "answer"), "
        text += "\(PlainText.count(outcome.requests, "request")) in \(outcome.elapsed.plainText)\n"
        for answer in outcome.answers {
            if let models = answer.models {
                text += DisplayWidth.harmless("unit \(answer.unit.rawValue): \(models)") + "\n"
            }
        }
        if !outcome.absent.isEmpty {
            text += "A gateway is there and says that behind it nobody answers: units \(list(outcome.absent))\n"
        }
        if outcome.answers.count > 3, outcome.answers.count == count(outcome), sameAnswer(outcome.answers) {
            text += "All units give the same answer: this device does not look at the unit id.\n"
        }
        if outcome.answers.isEmpty, outcome.end == nil {
            text += "Nobody answers. koppel doctor --bus \(bus) looks for the reason.\n"
        }
        return text
    }

    private func count(_ outcome: UnitScan.Outcome) -> Int {
        outcome.answers.count + outcome.broken.count + outcome.absent.count + outcome.silent.count
    }

    private func sameAnswer(_ answers: [UnitScan.Answer]) -> Bool {
        answers.allSatisfy { $0.outcome == answers.first?.outcome }
    }

    private func list(_ units: [UnitID]) -> String { units.map { "\($0.rawValue)" }.joined(separator: ", ") }

    private static func reason(_ error: BusError) -> String {
        if case .badFrame(let why) = error.kind { why.rawValue } else { error.description }
    }

    private static func text(_ outcome: ReadOutcome) -> String {
        switch outcome {
        case .words(let words): "holding 0 is \(PlainText.words(words, of: .holdingRegister))"
        case .exception(let exception): "\(exception)"
        }
    }

    /// `eastron/sdm120 (voltage 230.4 V plausible)`.
    private static func text(_ fit: ProfileFit.Verdict) -> String {
        if !fit.models.isEmpty {
            let several = fit.devices > 1 ? "; \(fit.devices) devices, see read --device" : ""
            return "\(fit.profile) (SunSpec models \(fit.models.map(String.init).joined(separator: ", "))\(several))"
        }
        let evidence = fit.evidence.prefix(2).map { evidence in
            let name = evidence.point.signal.description.split(separator: "/").last.map(String.init) ?? ""
            let unit = evidence.point.unit.map { " \($0.ucum)" } ?? ""
            return "\(name) \(rounded(evidence, evidence.point))\(unit)"
        }.joined(separator: ", ")
        return "\(fit.profile) (\(evidence) plausible; \(fit.plausible) of \(fit.asked) points)"
    }

    private static func rounded(_ evidence: ProfileFit.Evidence, _ point: Point) -> String {
        guard point.enumeration.isEmpty, let number = evidence.value.number else {
            return Optional(evidence.value).plainText(point.enumeration)
        }
        return Value.double((number * 10).rounded() / 10).plainText
    }
}

extension ScanText {
    struct Document: Encodable {
        struct Fit: Encodable {
            var profile: String
            var plausible: Int
            var asked: Int
            /// Only if the profile fits several SunSpec devices behind the unit id.
            var devices: Int?
        }

        struct Unit: Encodable {
            var unit: UInt8
            var words: [UInt16]?
            var exception: UInt8?
            var responseMs: Double
            var profiles: [Fit]
            /// Only if it has SunSpec models.
            var sunspec: ModelChain?
        }

        struct Line: Encodable {
            var line: String
            var previewLeastMs: Double
            var previewMostMs: Double
            var requests: Int
            var elapsedMs: Double
            var units: [Unit]
            var broken: [UInt8]
            var absent: [UInt8]
            var silent: [UInt8]
        }

        var bus: String
        var lines: [Line]
    }

    func document(
        _ results: [(bus: BusSettings, outcome: UnitScan.Outcome)], _ previews: [UnitScan.Preview]
    ) -> Document {
        Document(
            bus: bus,
            lines: zip(results, previews).map { result, preview in
                let outcome = result.outcome
                return Document.Line(
                    line: result.bus.endpoint.lineText, previewLeastMs: preview.least.milliseconds,
                    previewMostMs: preview.most.milliseconds, requests: outcome.requests,
                    elapsedMs: outcome.elapsed.milliseconds, units: outcome.answers.map(unit),
                    broken: outcome.broken.map(\.unit.rawValue), absent: outcome.absent.map(\.rawValue),
                    silent: outcome.silent.map(\.rawValue))
            })
    }

    private func unit(_ answer: UnitScan.Answer) -> Document.Unit {
        var unit = Document.Unit(
            unit: answer.unit.rawValue, responseMs: answer.elapsed.milliseconds,
            profiles: answer.fits.map {
                .init(
                    profile: $0.profile, plausible: $0.plausible, asked: $0.asked,
                    devices: $0.devices > 1 ? $0.devices : nil)
            },
            sunspec: answer.models)
        switch answer.outcome {
        case .words(let words): unit.words = words
        case .exception(let exception): unit.exception = exception.code
        }
        return unit
    }
}

extension String {
    /// Without the line feed at the end.
    var trimmed: String { hasSuffix("\n") ? String(dropLast()) : self }
}
