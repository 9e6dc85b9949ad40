internal import ArgumentParser
internal import KoppelAgent
internal import KoppelConfig
internal import KoppelCore

/// Every issue of a site, and what polling it will take.
struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Checks a site file with its profiles, and tells what polling it will take.",
        discussion: """
            Nothing is opened or contacted. Ends with 0 if the agent can run this site, with 78 if a file has an \
            error or asks more of a serial line than it can carry, and with 1 if signals can never be read.

            Example: koppel check --config /etc/koppel/koppel.yaml --plan
            """)

    @Option(help: ArgumentHelp("The site file.", valueName: "file"))
    var config = "/etc/koppel/koppel.yaml"

    @Flag(help: "Show requests, bus time and load per machine, what was learned, and what the journal gets.")
    var plan = false

    @Flag(help: "Write one JSON document.")
    var json = false

    @OptionGroup var profiles: ProfileOptions

    private struct Document: Encodable {
        var file: String
        var errors: Int
        var warnings: Int
        var buses: Int?
        var machines: Int?
        var destinations: Int?
        var issues: [IssueDocument]
        var plan: SitePlan?
    }

    func run() async throws {
        CommandStart.begin()
        let load = loadSite(at: config, library: profiles.library, files: DiskFiles())
        let admitted = load.admitted
        let sitePlan = load.site.map { SitePlan($0, now: WallClock.system().now) }
        let issues = admitted.issues + (load.site.map(slowToStop) ?? [])
        if json {
            try Streams.write(
                JSONDocument.text(
                    Document(
                        file: config, errors: issues.errors, warnings: issues.warnings,
                        buses: load.site?.buses.count, machines: load.site?.machines.count,
                        destinations: load.site?.destinations.count, issues: issues.map(IssueDocument.init),
                        plan: plan ? sitePlan : nil)))
        } else {
            try Streams.write(text(issues, load.site, sitePlan))
        }
        guard admitted.site != nil else { throw ExitStatus.configuration }
        if let sitePlan, !sitePlan.isPossible { throw ExitStatus.no }
    }

    private func text(_ issues: [ConfigIssue], _ site: Site?, _ sitePlan: SitePlan?) -> String {
        let style = TerminalStyle.current()
        var text = issues.rendered(style)
        if let sitePlan {
            if plan {
                text += (text.isEmpty ? "" : "\n") + PlanText(plan: sitePlan, style: style).text
            } else {
                text += sitePlan.buses.filter { $0.verdict == .tight || !$0.problems.isEmpty }
                    .map { PlanText(plan: sitePlan, style: style).verdict(of: $0) }.joined()
            }
        }
        text += (site?.destinations ?? []).map(edgeNode).joined()
        let counts =
            "\(PlainText.count(issues.errors, "error")), \(PlainText.count(issues.warnings, "warning"))"
        guard let site else { return text + "\(config): \(counts)\n" }
        return text + "\(config): \(PlainText.count(site.buses.count, "bus", plural: "buses")), "
            + "\(PlainText.count(site.machines.count, "machine")), "
            + "\(PlainText.count(site.destinations.count, "destination")); \(counts)\n"
    }

    /// Who a Sparkplug destination is to its hosts; nothing for others.
    private func edgeNode(_ destination: DestinationSettings) -> String {
        guard let node = destination.sparkplug else { return "" }
        let host = node.primaryHost.map { ", and sends only while the host \($0) is online" } ?? ""
        return "destination \(destination.id): Sparkplug B edge node \(node.node) of group \(node.group)\(host)\n"
    }

    /// A read under way ends at its timeout at the latest, so a timeout is how long a bus can hold up a stop.
    private func slowToStop(_ site: Site) -> [ConfigIssue] {
        let limit = site.agent.shutdownLimit
        let timeouts =
            site.buses.map { ("buses.\($0.id).timeout", $0.timeout) }
            + site.machines.compactMap { machine in
                machine.profile.timing.responseTimeout.map { ("machines.\(machine.id).timeout", $0) }
            }
        return timeouts.filter { $0.1 >= limit }.map { path, timeout in
            ConfigIssue(
                file: config, position: .start, path: path, severity: .warning,
                sentence: "an answer may take \(timeout.plainText), and the agent stops within \(limit.plainText)",
                hint: "Shorten the timeout, or lengthen agent.shutdown.")
        }
    }
}
