internal import ArgumentParser
internal import KoppelAgent
internal import KoppelConfig
internal import KoppelCore
internal import Synchronization

/// Machines that are not there, as real Modbus servers.
struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Serves machines as real Modbus servers, with plausible values that move.",
        discussion: """
            With a site file every bus is served at its own address: tcp and rtu+tcp on their host and port, rtu on a \
            pseudo-terminal that is linked at the path of the url, if nothing is there. Runs until Ctrl-C. The line \
            `ready` comes when clients can connect.

            Mark a machine of a site file, or a bus with all its machines, with `simulated: true`, so that an agent that runs with the same file tells with \
            each value that it is simulated. What is not marked is served with a warning.

            Example: koppel simulate --profile eastron/sdm630-v2 --bus tcp://127.0.0.1:1502 --unit 1
            """)

    @OptionGroup var machines: MachineOptions

    @Option(help: "Stop after so many seconds.")
    var seconds: Double?

    @Flag(help: "Serve TCP on all addresses of this computer, not on loopback alone.")
    var listenEverywhere = false

    func validate() throws {
        guard let seconds else { return }
        guard seconds > 0, seconds <= 1e9 else { throw ValidationError("--seconds is a number above 0.") }
    }

    func run() async throws {
        CommandStart.begin()
        let meant = try self.meant()
        warnOfUnmarked(meant.machines)
        do throws(BusError) {
            let factory = try SimulatedFactory(
                buses: meant.buses, machines: meant.machines, listensEverywhere: listenEverywhere)
            try await serve(factory)
        } catch {
            Streams.complain(error.plainText)
            throw ExitStatus.unavailable
        }
    }

    /// Simulated values must not be taken for real ones (data model 4.2, row 30), and an agent can know from its site
    /// file only. Served they are all the same: a copy of a real site file is how an installer tries it at home.
    private func warnOfUnmarked(_ meant: [MachineSettings]) {
        guard let file = machines.config else { return }
        let unmarked = meant.filter { !$0.simulated }.map(\.id.description)
        guard !unmarked.isEmpty else { return }
        Streams.complain(
            """
            \(file) does not say that these machines are simulated: \(unmarked.joined(separator: ", ")). An agent that \
            runs with it publishes what is served here as good values. Give each, or its bus, `simulated: true`, and \
            take it out when the real machine is there
            """)
    }

    private func serve(_ factory: SimulatedFactory) async throws(BusError) {
        var table = TextTable([.text("bus"), .text("served at"), .number("unit"), .text("machine"), .text("model")])
        for bus in factory.served {
            for machine in bus.machines {
                table.add([
                    bus.id.description, bus.place, "\(machine.unit.rawValue)", machine.id.description,
                    "\(machine.profile.manufacturer) \(machine.profile.model)",
                ])
            }
        }
        let text = table.rendered(.current()) + "ready\n"
        if machines.config == nil {
            Streams.tell("Say `simulated: true` of this machine in a site file that reads it.")
        }
        let outcome = Outcome()
        await StopSignals.run(for: seconds.map { .seconds($0) }) {
            do throws(BusError) {
                // Who reads this may have gone; the clients are what counts.
                do { try Streams.write(text) } catch {}
                try await factory.run()
            } catch {
                outcome.failure.withLock { $0 = error }
            }
        }
        if let failure = outcome.failure.withLock({ $0 }) { throw failure }
    }

    /// The machines meant. Port 0, a free one, makes sense here and nowhere else, so the site file does not know it.
    private func meant() throws -> (buses: [BusSettings], machines: [MachineSettings]) {
        guard let bus = machines.bus, bus.hasSuffix(":0") else { return try machines.load() }
        var options = machines
        options.bus = bus.dropLast(2) + ":502"
        var meant = try options.load()
        for index in meant.buses.indices {
            switch meant.buses[index].endpoint {
            case .tcp(let host, _): meant.buses[index].endpoint = .tcp(host: host, port: 0)
            case .rtuOverTCP(let host, _, let line):
                meant.buses[index].endpoint = .rtuOverTCP(host: host, port: 0, line: line)
            case .rtu: break
            }
        }
        return meant
    }
}

/// How serving ended, told from one task to another.
private final class Outcome: Sendable {
    let failure = Mutex<BusError?>(nil)
}
