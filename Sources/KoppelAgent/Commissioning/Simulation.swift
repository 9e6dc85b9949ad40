internal import Foundation
package import KoppelCore
internal import KoppelEngine
internal import KoppelModbus

/// Machines that are not there, served as real Modbus servers: for `koppel simulate`, `koppel demo` and tests.
///
///     let factory = try SimulatedFactory(buses: site.buses, machines: site.machines)
///     for bus in factory.served { ... }   // where each bus can be reached; clients can connect from here on
///     try await factory.run()             // answers them until the task is cancelled
///
/// A TCP bus listens on the host and port of its endpoint; port 0 takes a free one. An RTU bus is a pseudo-terminal
/// with a symbolic link to it at the device path of its endpoint. The links are removed when ``run()`` ends.
///
/// The values are plausible, move, and depend on the id of the machine and the time since the factory was made only.
/// At most one server a bus, each with a thread of its own.
package struct SimulatedFactory: Sendable {
    /// Where one bus can be reached.
    package struct ServedBus: Sendable {
        package var id: Identifier
        /// The endpoint as it is in use: the port it got, the device path of the link.
        package var endpoint: BusEndpoint
        /// Host and port, or path of the link and of the terminal behind it, for people.
        package var place: String
        /// The machines on it, in the order they were given.
        package var machines: [MachineSettings]
    }

    /// In the order the buses were given; a bus without machines is not served.
    package let served: [ServedBus]
    private let servers: [ModbusServer]
    private let links: [TerminalLink]

    /// Opens every bus.
    ///
    /// - Parameters:
    ///   - buses: Where to serve.
    ///   - machines: What to serve. Machines that share a unit are one device that knows the registers of both.
    ///   - listensEverywhere: Whether TCP buses listen on all addresses of this machine at their ports. Otherwise only
    ///     loopback addresses are allowed, since simulated values must not be taken for real ones elsewhere.
    ///   - moment: How far the simulation is, asked for each read; without it, as long as the factory exists.
    /// - Throws: ``BusError`` if a port is taken, an address is not allowed, or something is at the path of a link.
    ///   Nothing is left open then.
    package init(
        buses: [BusSettings], machines: [MachineSettings], listensEverywhere: Bool = false,
        moment: (@Sendable () -> Duration)? = nil
    ) throws(BusError) {
        var served: [ServedBus] = []
        var servers: [ModbusServer] = []
        var links: [TerminalLink] = []
        let begin = ContinuousClock.now
        let moment = moment ?? { begin.duration(to: .now) }
        do throws(BusError) {
            for bus in buses {
                let own = machines.filter { $0.bus == bus.id }
                guard !own.isEmpty else { continue }
                let opened = try Self.place(for: bus, listensEverywhere: listensEverywhere)
                if let link = opened.link { links.append(link) }
                let server = try Self.server(at: opened.place, bus: bus.id, machines: own, moment: moment)
                servers.append(server)
                served.append(Self.description(of: bus, own, port: server.port, link: opened.link))
            }
        } catch {
            links.forEach { $0.remove() }
            throw error
        }
        self.served = served
        self.servers = servers
        self.links = links
    }

    /// Answers clients until the task is cancelled. Use it once.
    ///
    /// - Throws: ``BusError`` if a server cannot go on; the others end with it.
    package func run() async throws(BusError) {
        let failure = await withTaskGroup(of: BusError?.self) { group in
            for server in servers {
                group.addTask {
                    do throws(BusError) {
                        try await server.run()
                        return nil
                    } catch {
                        return error
                    }
                }
            }
            for await failure in group {
                guard let failure else { continue }
                group.cancelAll()
                return Optional(failure)
            }
            return nil
        }
        removeLinks()
        if let failure { throw failure }
    }

    /// Removes what ``init(buses:machines:listensEverywhere:moment:)`` left in the file system, if ``run()`` is never
    /// called.
    package func removeLinks() { links.forEach { $0.remove() } }

    // MARK: Opening

    private static func place(
        for bus: BusSettings, listensEverywhere: Bool
    ) throws(BusError) -> (place: ModbusServer.Place, link: TerminalLink?) {
        switch bus.endpoint {
        case .tcp(let host, let port):
            let address = try listeningAddress(host, port, bus, listensEverywhere: listensEverywhere)
            return (.tcp(host: address, port: port), nil)
        case .rtuOverTCP(let host, let port, _):
            let address = try listeningAddress(host, port, bus, listensEverywhere: listensEverywhere)
            return (.rtuOverTCP(host: address, port: port), nil)
        case .rtu(let device, let line):
            let terminal = try PseudoTerminal()
            do throws(TerminalLink.Failure) {
                let link = try TerminalLink(at: device, to: terminal.path)
                return (.terminal(terminal, line: line), link)
            } catch {
                throw unusable(bus, error.description)
            }
        }
    }

    private static func listeningAddress(
        _ host: String, _ port: UInt16, _ bus: BusSettings, listensEverywhere: Bool
    ) throws(BusError) -> String {
        guard let address = Loopback.address(of: host) else {
            guard listensEverywhere else {
                throw unusable(
                    bus,
                    "\(host) is not an address of this machine alone, and simulated values must not be taken for "
                        + "real ones. Use 127.0.0.1, or --listen-everywhere to serve port \(port) on all addresses")
            }
            return "0.0.0.0"
        }
        return listensEverywhere ? (address.contains(":") ? "::" : "0.0.0.0") : address
    }

    private static func server(
        at place: ModbusServer.Place, bus: Identifier, machines: [MachineSettings],
        moment: @escaping @Sendable () -> Duration
    ) throws(BusError) -> ModbusServer {
        let devices = Dictionary(grouping: machines, by: \.unit).mapValues { machines in
            machines.map { SimulatedDevice(machine: $0, seed: seed(of: $0.id)) }
        }
        do throws(BusError) {
            return try ModbusServer(place, units: Set(devices.keys)) { unit, table, start, count in
                var refusal = ReadOutcome.exception(ModbusException(code: 2))
                for device in devices[unit] ?? [] {
                    let outcome = device.answer(table: table, start: start, count: count, at: moment())
                    if case .words = outcome { return outcome }
                    refusal = outcome
                }
                return refusal
            }
        } catch {
            throw BusError(kind: error.kind, bus: bus.description, request: nil, elapsed: error.elapsed)
        }
    }

    private static func description(
        of bus: BusSettings, _ machines: [MachineSettings], port: UInt16?, link: TerminalLink?
    ) -> ServedBus {
        var endpoint = bus.endpoint
        var place = link.map { "\($0.path) (a link to \($0.target))" } ?? ""
        switch bus.endpoint {
        case .tcp(let host, let wanted):
            endpoint = .tcp(host: host, port: port ?? wanted)
            place = "\(host.contains(":") ? "[\(host)]" : host):\(port ?? wanted)"
        case .rtuOverTCP(let host, let wanted, let line):
            endpoint = .rtuOverTCP(host: host, port: port ?? wanted, line: line)
            place = "\(host.contains(":") ? "[\(host)]" : host):\(port ?? wanted)"
        case .rtu: break
        }
        return ServedBus(id: bus.id, endpoint: endpoint, place: place, machines: machines)
    }

    private static func unusable(_ bus: BusSettings, _ sentence: String) -> BusError {
        BusError(kind: .unusable(sentence), bus: bus.id.description, request: nil, elapsed: .zero)
    }

    /// How a machine of this id moves: always the same way (64-bit FNV-1a).
    package static func seed(of id: Identifier) -> UInt64 {
        id.description.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
}

private enum Loopback {
    /// The numeric form of a loopback host; `nil` if it is another one.
    static func address(of host: String) -> String? {
        if host == "localhost" { return "127.0.0.1" }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        let isV4 = parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
        return isV4 || host == "::1" ? host : nil
    }
}
