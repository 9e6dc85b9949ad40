internal import ArgumentParser
internal import Foundation
internal import KoppelAgent
internal import KoppelConfig
internal import KoppelCore
internal import Subprocess
internal import Synchronization

/// A whole factory on loopback, with nothing but real parts: Modbus TCP, Modbus RTU on a pseudo-terminal, mosquitto,
/// the agent, and `mosquitto_sub` as a hub that looks on.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Shows koppel at work on a small simulated factory, all on this computer.",
        discussion: """
            Starts five simulated machines as real Modbus servers, a private mosquitto on loopback and the agent, and \
            shows what arrives at the broker. Ctrl-C ends everything and leaves nothing behind. Exit code 0 only if \
            readings of every machine arrived.

            Example: koppel demo --seconds 30
            """)

    @Option(help: "Stop after so many seconds.")
    var seconds: Double?

    func validate() throws {
        guard let seconds else { return }
        guard seconds > 0, seconds <= 1e9 else { throw ValidationError("--seconds is a number above 0.") }
    }

    func run() async throws {
        CommandStart.begin()
        let demo = try DemoFactory()
        defer { demo.remove() }
        let files = DiskFiles()
        let library = ProfileLibrary(shipped: ShippedProfiles.folder(files: files), files: files)
        let loaded = loadSite(at: demo.siteFile, library: library, files: files)
        guard let site = loaded.site else {
            loaded.issues.forEach { Streams.complain($0.description) }
            throw ExitStatus.configuration
        }
        let board = DemoBoard()
        try await play(demo, site: site, board: board)
        let counts = await board.counts
        let missing = site.machines.map(\.id.description).filter { !counts.machines.contains($0) }
        try Streams.write(
            "\n\(counts.readings) readings of \(counts.machines.count) machines arrived at the broker in "
                + "\(counts.batches) batches, and \(counts.values) live values.\n")
        guard missing.isEmpty else {
            Streams.complain("nothing arrived of \(missing.joined(separator: ", "))")
            throw ExitStatus.no
        }
    }

    private func play(_ demo: DemoFactory, site: Site, board: DemoBoard) async throws {
        let factory: SimulatedFactory
        do throws(BusError) {
            factory = try SimulatedFactory(buses: site.buses, machines: site.machines)
        } catch {
            Streams.complain("\(error)")
            throw ExitStatus.unavailable
        }
        try Streams.write(introduction(demo, factory))
        let fault = Mutex<String?>(nil)
        let screen = DemoScreen(style: .current(), board: board)
        await StopSignals.run(for: seconds.map { .seconds($0) }) {
            await withTaskGroup(of: String?.self) { group in
                group.addTask {
                    do throws(BusError) {
                        try await factory.run()
                        return nil
                    } catch {
                        return "\(error)"
                    }
                }
                let parts = DemoParts(demo: demo)
                group.addTask { await parts.broker() }
                group.addTask { await parts.hub { await board.take($0) } }
                group.addTask { await parts.agent() }
                group.addTask {
                    await screen.run()
                    return nil
                }
                for await ended in group {
                    guard let ended, !Task.isCancelled else { continue }
                    fault.withLock { $0 = $0 ?? ended }
                    group.cancelAll()
                }
            }
        }
        if let fault = fault.withLock({ $0 }) {
            Streams.complain(fault)
            throw ExitStatus.unavailable
        }
    }

    private func introduction(_ demo: DemoFactory, _ factory: SimulatedFactory) -> String {
        var table = TextTable([.text("machine"), .number("unit"), .text("model"), .text("served at")])
        for bus in factory.served {
            for machine in bus.machines {
                table.add([
                    machine.id.description, "\(machine.unit.rawValue)",
                    "\(machine.profile.manufacturer) \(machine.profile.model)", bus.place,
                ])
            }
        }
        return """
            A small factory, simulated (so its quality is uncertain, reason simulated), on real Modbus:

            \(table.rendered(.current()))
            The agent reads it and publishes to a private broker. Look on from another terminal:
              mosquitto_sub -p \(demo.brokerPort) -v -t 'kpl/v1/#'


            """
    }
}
