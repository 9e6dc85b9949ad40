/// From what was seen on a bus to what is the matter with it, surest first. It decides only; it asks nothing.
package struct BusDiagnosis: Sendable {
    private let seen: BusObservations

    package init(_ observations: BusObservations) { seen = observations }

    /// At least one.
    package var findings: [BusFinding] {
        if let opening = seen.opening { return [OpeningDiagnosis(kind: opening, endpoint: seen.endpoint).finding] }
        var found = [secondMaster, localEcho, wrongFraming, wrongLine, wrongUnit, stranger, duplicate, noise]
            .compactMap(\.self)
        if found.isEmpty || (found.allSatisfy { $0.cause == .localEcho } && answered == 0) {
            found.append(silenceOrHealth)
        }
        // Sorting is stable: of equal certainty, the order above is from what explains most.
        return found.sorted { $0.certainty > $1.certainty }
    }

    private var answered: Int { seen.direct.count { $0.ownAnswers > 0 } }
    private var unit: String { "unit \(seen.unit.rawValue)" }

    // MARK: Somebody else

    private var secondMaster: BusFinding? {
        let questions = seen.overheard.frames.count { $0.kind == .question }
        let between = seen.direct.count { $0.hasForeignQuestion }
        guard questions + between > 0 || seen.overheard.frames.count > 1 else { return nil }
        let units = Set(
            (seen.overheard.frames + seen.direct.flatMap(\.traffic.frames)).filter { $0.kind == .question }
                .map(\.unit)
        ).sorted().map { "\($0)" }.joined(separator: ", ")
        return BusFinding(
            .secondMaster, .certain,
            evidence: "frames of somebody else are on the line: "
                + "\(seen.overheard.frames.count) while Koppel was silent for \(milliseconds(seen.listened)), "
                + "and in \(between) of \(seen.direct.count) waits for an answer"
                + (units.isEmpty ? "" : "; the other master asks unit \(units)"),
            advice: "A serial line serves one master. Find the other one (a PLC, an energy manager, another computer, "
                + "a second agent) and take it off this line, or read through it")
    }

    private var localEcho: BusFinding? {
        let echoed = seen.direct.count { $0.isEchoed }
        guard echoed > 0 else { return nil }
        return BusFinding(
            .localEcho, echoed == seen.direct.count ? .certain : .likely,
            evidence: "\(echoed) of \(seen.direct.count) questions came back from the adapter itself"
                + (answered > 0 ? "; the answer follows, so reading works" : ""),
            advice: "A two-wire adapter hears itself. Switch its echo off (a jumper or switch, often RE to DE), or "
                + "use an adapter with automatic direction; Koppel reads past the echo")
    }

    // MARK: Settings

    private var wrongFraming: BusFinding? {
        guard answered == 0, let good = seen.otherFraming.first(where: { $0.ownAnswers > 0 }) else { return nil }
        let scheme = good.framing == .rtu ? "rtu+tcp" : "tcp"
        return BusFinding(
            .wrongFraming, .certain,
            evidence: "\(unit) is silent in the framing of the url and answers in \(good.framing.rawValue) frames",
            advice: "Write the url of the bus with \(scheme)://, or change the mode of the device server")
    }

    private var wrongLine: BusFinding? {
        let good = seen.otherLines.filter { $0.ownAnswers > 0 }
        guard answered == 0, let line = good.first?.line else { return nil }
        return BusFinding(
            .wrongLineSettings, .certain,
            evidence: "unit \(good[0].unit.rawValue) answers at \(text(line)) and not at the settings of the url",
            advice: "Write the url with ?baud=\(line.baud)&format=8\(line.parity.rawValue)\(line.stopBits), "
                + "or set the device to the settings of the others on this line")
    }

    private var wrongUnit: BusFinding? {
        let others = Set(seen.sweep.filter { $0.ownAnswers > 0 }.map(\.unit)).sorted()
        guard answered == 0, !others.isEmpty else { return nil }
        let list = others.map { "\($0.rawValue)" }.joined(separator: ", ")
        return BusFinding(
            .wrongUnit, .certain,
            evidence: "\(unit) is silent, and unit \(list) \(others.count == 1 ? "answers" : "answer") on this bus",
            advice: "Look up the address that is set in the device and write it as `unit:` of the machine. "
                + "It is probably one of \(list)")
    }

    private var stranger: BusFinding? {
        let strangers = Set(seen.direct.flatMap(\.strangers)).sorted()
        guard let first = strangers.first else { return nil }
        return BusFinding(
            .answersAsAnother, .certain,
            evidence: "asked for \(unit), unit \(strangers.map { "\($0)" }.joined(separator: ", ")) answered",
            advice: "The device, or a gateway before it, puts another unit id into its answers. Koppel refuses them. "
                + "Ask for unit \(first), and look for two devices with one address")
    }

    // MARK: The line

    private var duplicate: BusFinding? {
        let doubled = seen.direct.count { $0.ownAnswers > 1 }
        if doubled > 0 {
            return BusFinding(
                .duplicateUnit, doubled > 1 ? .certain : .likely,
                evidence: "\(unit) answered twice to \(doubled) of \(seen.direct.count) questions",
                advice: duplicateAdvice)
        }
        guard seen.overheard.isSilent else { return nil }
        let broken = seen.direct.count { $0.traffic.stray > 0 && $0.ownAnswers == 0 && $0.strangers.isEmpty }
        let helps = seen.otherLines.contains { $0.ownAnswers > 0 }
        guard broken > 1, !helps, !seen.otherFraming.contains(where: { $0.ownAnswers > 0 }) else { return nil }
        return BusFinding(
            .duplicateUnit, .likely,
            evidence: "\(broken) of \(seen.direct.count) answers of \(unit) were broken, and the line is quiet when "
                + "nobody is asked: two devices that answer at once look like this",
            advice: duplicateAdvice)
    }

    private var duplicateAdvice: String {
        "Take the devices off the line one by one until the answers are good: two of them have address "
            + "\(seen.unit.rawValue). Give one another address. If there is only one device, check its parity and "
            + "the two wires A and B"
    }

    private var noise: BusFinding? {
        let broken = seen.direct.count { $0.traffic.stray > 0 }
        if seen.overheard.stray > 0 {
            let isTraffic = !seen.overheard.frames.isEmpty
            return BusFinding(
                .noise, isTraffic ? .possible : .likely,
                evidence:
                    "\(seen.overheard.stray) bytes that are no frame came in \(milliseconds(seen.listened)) while "
                    + "nobody was asked",
                advice: "Noise, or traffic at another baud rate. Check the bias and termination resistors (120 ohm at "
                    + "both ends only), the shield, that A and B are not swapped, and cables beside motor drives; and "
                    + "whether another master talks at another rate")
        }
        guard broken > 0 else { return nil }
        return BusFinding(
            .noise, .possible,
            evidence: "stray bytes came with \(broken) of \(seen.direct.count) answers",
            advice: "Check termination, shield and earthing, and that format and parity are those of the device")
    }

    // MARK: The rest

    private var silenceOrHealth: BusFinding {
        let direct = seen.direct
        if answered == direct.count, answered > 0 {
            let times = direct.compactMap(\.firstByteAfter)
            let slowest = times.max().map { ", after \(milliseconds($0)) at most" } ?? ""
            return BusFinding(
                .healthy, .certain, evidence: "\(unit) answered all \(answered) questions\(slowest)",
                advice: "Nothing to do. Read the machine with koppel read")
        }
        if answered > 0 {
            return BusFinding(
                .unsteady, .certain, evidence: "\(unit) answered \(answered) of \(direct.count) questions",
                advice: "Give it a longer timeout, or a pause before each request; check plugs and termination")
        }
        if !seen.isSerial {
            if direct.allSatisfy(\.traffic.hasEnded) {
                return BusFinding(
                    .hangsUp, .certain,
                    evidence: "the connection is accepted and ended again without an answer",
                    advice: "The device has no connection left: close other programs that are connected to it. "
                        + "Or it lets only listed addresses in: look for an access list")
            }
            return BusFinding(
                .acceptsButSilent, .certain,
                evidence: "the connection is accepted, and \(seen.requests) questions to \(unit) and others stayed "
                    + "without an answer",
                advice: "The device is up and its Modbus part is not: restart it, check whether Modbus is enabled, "
                    + "whether another client holds it, and the unit id. Behind a gateway, check the serial side")
        }
        return BusFinding(
            .nothingAnswers, seen.wasCautious ? .likely : .certain,
            evidence: "not one byte came in answer to \(seen.requests) questions"
                + (seen.wasCautious ? "; other units and rates were not tried" : ""),
            advice: "Check that the device has power, that A and B are not swapped and go to this adapter, and the "
                + "unit id and baud rate on the display of the device. Then try koppel scan with --bauds and --formats")
    }

    private func text(_ line: SerialLine) -> String {
        "\(line.baud) \(line.dataBits)\(line.parity.rawValue)\(line.stopBits)"
    }

    private func milliseconds(_ duration: Duration) -> String {
        "\(Int((duration.inSeconds * 1_000).rounded())) ms"
    }
}
