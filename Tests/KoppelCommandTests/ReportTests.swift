import Foundation
import KoppelAgent
import KoppelCore
import Testing

@testable import koppel

/// The commissioning report: what it holds, and that nothing in it can be more than text.
@Suite(.timeLimit(.minutes(5)))
struct ReportTests {
    /// A site with one machine whose every text is hostile.
    private func report(
        _ text: String, condition: Condition = .good, language: ReportWords.Language = .en
    ) throws -> SiteReport {
        let id = try #require(Identifier("press-1"))
        let names = try ["device/name", "electrical/voltage"].map { try #require(SignalName($0)) }
        let points = [
            Point(
                signal: names[0], label: ["en": text], table: .holdingRegister, address: 100,
                wire: .string(.highByteFirst, registers: 8), kind: .text),
            Point(
                signal: names[1], table: .inputRegister, address: 0, wire: .float32, kind: .measurement,
                unit: UnitOfMeasure(ucum: "V")),
        ]
        let profile = DeviceProfile(
            id: id, version: "1.0.0", manufacturer: text, model: text, points: points, confidence: .high)
        let machine = MachineSettings(
            id: id, bus: id, unit: UnitID(7), title: ["en": text], profile: profile,
            location: [LocationLevel(level: "Enterprise", id: id, name: text)],
            nameplate: Nameplate(manufacturer: text, model: text, serialNumber: text), points: points)
        let site = Site(
            agent: AgentSettings(id: id, location: [LocationLevel(level: "Enterprise", id: id, name: text)]),
            buses: [BusSettings(id: id, endpoint: .tcp(host: "10.0.0.5", port: 502))], machines: [machine],
            destinations: [
                DestinationSettings(
                    id: id, host: "10.0.0.9", port: 1883, clientID: "koppel-press-1", publish: [.meta, .values],
                    share: .all)
            ])
        var result = SiteSurvey.BusResult()
        result.times = [.milliseconds(2), .milliseconds(9), .milliseconds(4)]
        result.machines[id] = LiveReader.MachineNow(
            machine: id,
            signals: [
                .init(
                    point: points[0], words: [0x3C73], decoded: Decoded(value: .text(text), condition: .good),
                    elapsed: .milliseconds(2), isHelper: false),
                .init(
                    point: points[1], words: [0x4366, 0x8000],
                    decoded: condition == .good
                        ? Decoded(value: .float(230.5), condition: .good) : .bad(condition),
                    elapsed: .milliseconds(4), isHelper: false),
            ], requests: 2, times: result.times, failures: [])
        let survey = SiteSurvey(
            site: site, taken: Timestamp(nanoseconds: 1_700_000_000_000_000_000), version: "0.1.0",
            results: [id: result])
        return SiteReport(survey, issues: [], language: language)
    }

    /// Element names that are not closed in the order they were opened; empty if all are.
    private func misnested(_ html: String) -> [String] {
        var open: [String] = []
        for part in html.split(separator: "<").dropFirst() {
            let name = part.prefix { $0 != ">" && $0 != " " }
            if name.hasPrefix("!") || name == "meta" { continue }
            if name.hasPrefix("/") {
                guard open.last == String(name.dropFirst()) else { return [String(name)] }
                open.removeLast()
            } else {
                open.append(String(name))
            }
        }
        return open
    }

    @Test(arguments: [
        "<script>alert(1)</script>", "\"><img src=http://x/ onerror=alert(1)>", "a & b < c > d ' \"",
        "\u{1B}[2J\u{1B}[31mred\u{07}\u{00}", "\u{202E}gnp.exe", "</style><body onload=x>", "%s%n{{x}}",
    ])
    func `D10, X10: text of a device stays text in the page and on the terminal`(_ text: String) throws {
        let report = try report(text)
        let html = ReportPage(report: report).html
        #expect(misnested(html).isEmpty)
        for forbidden in ["<script", "<img", "<body onload", "\u{1B}", "\u{00}", "\u{202E}"] {
            #expect(!html.contains(forbidden), "\(forbidden)")
        }
        let tags = html.split(separator: "<").dropFirst().map { $0.prefix { $0 != ">" } }
        #expect(!tags.contains { $0.contains("src=") || $0.contains("href=") || $0.contains("onerror") })
        let plain = ReportText(report: report, style: .plain).text
        #expect(!plain.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" || $0.value == 0x202E })
    }

    @Test func `a page is one file with every signal, its register, words, value, quality and time`() throws {
        let html = ReportPage(report: try report("Press")).html
        #expect(html.hasPrefix("<!DOCTYPE html>"))
        #expect(misnested(html).isEmpty)
        #expect(!html.contains("http://") && !html.contains("https://") && !html.contains("@import"))
        for part in [
            "device/name", "electrical/voltage", "input 0", "4366 8000", "230.5", "good", "4 ms", "2023-11-14 22:13:20",
            "0.1.0", "10.0.0.5:502", "Signature", "2 of 2 signals are good", "kpl/v1/press-1/#",
        ] {
            #expect(html.contains(part), "\(part) is missing")
        }
        try Golden.expect(html, is: "report-page")
    }

    @Test func `topics are shown in the form that each destination has them`() throws {
        let report = try report("Press")
        var site = report.survey.site
        let first = try #require(site.destinations.first)
        let levels = [("Enterprise", "acme"), ("Site", "hengelo"), ("Area", "hal-3"), ("EquipmentModule", "press-1")]
        site.machines[0].location = try levels.map {
            LocationLevel(level: $0.0, id: try #require(Identifier($0.1)))
        }
        func topics(_ changes: [(inout DestinationSettings) throws -> Void]) throws -> [String]? {
            var site = site
            site.destinations = try changes.map { change in
                var destination = first
                try change(&destination)
                return destination
            }
            let survey = SiteSurvey(site: site, taken: report.survey.taken, version: "0.1.0", results: [:])
            let shown = SiteReport(survey, issues: [], language: .en)
            let line = survey.machines[0].topics.joined(separator: ", ")
            if !line.isEmpty {
                #expect(ReportPage(report: shown).html.contains(line))
                #expect(ReportText(report: shown, style: .plain).text.contains(line))
            }
            return survey.machines.first?.topics
        }
        #expect(try topics([{ _ in }]) == ["kpl/v1/acme/hengelo/hal-3/press-1/#"])
        #expect(try topics([{ $0.topics = .flat }]) == ["kpl/v1/acme/hengelo/hal-3.press-1/#"])
        #expect(
            try topics([{ _ in }, { $0.topics = .flat }, { $0.topics = .flat }])
                == ["kpl/v1/acme/hengelo/hal-3/press-1/#", "kpl/v1/acme/hengelo/hal-3.press-1/#"])
        #expect(try topics([{ $0.share = .missingPolicy(path: "hub.yaml") }]) == [])
    }

    @Test func `a bad signal comes first, with advice, in the language of the customer`() throws {
        let report = try report("Pers", condition: .timeout, language: .nl)
        #expect(!report.isGood)
        #expect(report.findings.first?.sentence == "1 signaal is slecht: timeout")
        let html = ReportPage(report: report).html
        #expect(html.contains("<html lang=\"nl\">"))
        #expect(html.contains("Inbedrijfstellingsrapport") && html.contains("Handtekening"))
        #expect(html.contains("voer koppel doctor uit"))
    }

    @Test(arguments: [Condition.simulated, .clockUnsynchronised])
    func `a report does not call good what is only uncertain`(_ doubt: Condition) throws {
        let report = try report("Press", condition: doubt)
        #expect(report.isGood && !report.isAllGood)
        let verdict = ReportCells(report: report).verdict
        #expect(verdict == "Findings: 1. 1 of 2 signals are good")
        #expect(ReportPage(report: report).html.contains("verdict doubt"))
    }

    @Test func `a site is read and handed over; a dead machine is a finding and not a failure`() async throws {
        let folder = try TemporaryFolder()
        let port = try await Program.serving(
            ["simulate", "--bus", "tcp://127.0.0.1:0", "--unit", "1", "--profile", "eastron/sdm120"]
        ) { lines in
            let word = lines.flatMap { $0.split(separator: " ") }.first { $0.hasPrefix("127.0.0.1:") }
            let address = try #require(word)
            func site(_ more: String) -> String {
                """
                koppel: 1
                agent: {id: box-1, location: {enterprise: acme, site: hengelo}}
                buses: {net: {url: "tcp://\(address)", timeout: 200ms}}
                machines:
                  meter: {bus: net, unit: 1, profile: eastron/sdm120}
                \(more)
                """
            }
            let good = try folder.write(site(""), to: "good.yaml")
            let page = folder.path + "/report.html"
            let all = try await Program.run("report", "--config", good, "--html", page)
            #expect(all.code == 0, "\(all.output) \(all.errors)")
            let html = try String(contentsOfFile: page, encoding: .utf8)
            #expect(html.contains("17 of 17 signals are good") && misnested(html).isEmpty)
            let mixed = try folder.write(
                site("  ghost: {bus: net, unit: 9, profile: eastron/sdm120}\n"), to: "mixed.yaml")
            let some = try await Program.run("report", "--config", mixed)
            #expect(some.code == 1)
            #expect(some.output.contains("17 signals are bad") && some.output.contains("electrical/frequency"))
            let lost = try await Program.run("report", "--config", good, "--html", "/koppel-none/report.html")
            #expect(lost.code == 74)
            return address
        }
        #expect(port.code == 0)
    }
}
