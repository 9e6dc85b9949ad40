internal import ArgumentParser
internal import KoppelAgent
internal import KoppelConfig
internal import KoppelCore

/// One signal, from its topic back to its register.
struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Explains a signal from its topic back to its register: profile, plan, last frames, destinations.",
        discussion: """
            Works from the files alone. If the agent of this site runs, it adds what the machine said last. Ends with 78 \
            if there is no such machine or signal.

            Example: koppel explain main-meter electrical/frequency --config /etc/koppel/koppel.yaml
            """)

    @Argument(help: "The machine, as the site file names it.")
    var machine: String

    @Argument(help: "The signal, as its topic names it.")
    var signal: String

    @OptionGroup var agent: AgentOptions

    func run() async throws {
        CommandStart.begin()
        let site = try agent.site()
        guard let machine = site.machines.first(where: { $0.id.description == machine }) else {
            let known = site.machines.map(\.id.description).joined(separator: ", ")
            Streams.complain("there is no machine `\(machine)`. In the site file: \(known)")
            throw ExitStatus.configuration
        }
        let client = LocalClient(dataFolder: agent.data ?? site.agent.dataFolder)
        var models: ModelChain?
        var silence: String?
        if machine.profile.layout != nil {
            do throws(LocalClient.Failure) {
                models = try client.status().models(of: machine)
            } catch {
                silence = "\(error)"
            }
        }
        guard let name = SignalName(signal),
            let explanation = SignalExplanation(
                signal: name, machine: machine, site: site, models: models,
                dataFolder: agent.data ?? site.agent.dataFolder, now: WallClock.system().now)
        else {
            Streams.complain(
                "machine \(machine.id) has no signal `\(signal)`. `koppel profile show` lists those of its profile")
            throw ExitStatus.configuration
        }
        let source = signalSource(
            of: explanation.point.signal, machine: machine.id, siteAt: agent.config, library: agent.profiles.library,
            files: DiskFiles())
        var latest: SignalExplanation.Latest?
        do throws(LocalClient.Failure) {
            latest = try await explanation.latest(from: client)
        } catch {
            silence = "\(error)"
        }
        let text = ExplainText(explanation: explanation, source: source, latest: latest, silence: silence)
        try Streams.write(text.rendered(.current()))
    }
}
