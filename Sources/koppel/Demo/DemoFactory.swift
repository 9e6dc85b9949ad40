internal import Foundation
internal import Glibc

/// The files of the demo in a folder of their own: a site file as an installer would write it, and the broker's.
struct DemoFactory: Sendable {
    let folder: URL
    let brokerPort: UInt16

    var siteFile: String { folder.appendingPathComponent("site.yaml").path }
    var brokerFile: String { folder.appendingPathComponent("mosquitto.conf").path }
    var logFile: String { folder.appendingPathComponent("agent.log").path }

    /// Makes the folder, finds free ports on loopback and writes the files.
    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("koppel-demo-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let ports = try Self.freePorts(3)
        brokerPort = ports[0]
        try write(site(hall: ports[1], cell: ports[2]), to: siteFile)
        try write(broker, to: brokerFile)
    }

    /// Removes everything the demo has written.
    func remove() {
        do {
            try FileManager.default.removeItem(at: folder)
        } catch {
            Streams.complain("\(folder.path) could not be removed: \(error.localizedDescription)")
        }
    }

    private func write(_ text: String, to path: String) throws { try Data(text.utf8).write(to: URL(filePath: path)) }

    private func site(hall: UInt16, cell: UInt16) -> String {
        """
        koppel: 1
        agent:
          id: demo-box
          location: {enterprise: acme, site: hengelo}
          data: \(folder.path)/data
          journal: {limit: 256MiB, keep: 1d, durability: process}
        buses:
          hall:
            url: tcp://127.0.0.1:\(hall)
          cell:
            url: tcp://127.0.0.1:\(cell)
          meters:
            url: rtu:\(folder.path)/ttyMETERS?baud=19200&format=8N1
        machines:
          main-meter:
            bus: hall
            unit: 1
            profile: eastron/sdm630-v2
            title: {nl: Hoofdmeter, en: Main meter}
            location: {area: hall-1}
            every: 1s
            simulated: true
          compressor-meter:
            bus: hall
            unit: 2
            profile: schneider/iem3155
            title: {nl: Meter compressor, en: Compressor meter}
            location: {area: hall-1, line: utilities}
            every: 1s
            simulated: true
          robot:
            bus: cell
            unit: 1
            profile: universal-robots/ur
            title: {nl: Lasrobot, en: Welding robot}
            location: {area: hall-1, line: line-1, cell: cell-3}
            every: 500ms
            simulated: true
          lathe-meter:
            bus: meters
            unit: 1
            profile: eastron/sdm120
            title: {nl: Meter draaibank, en: Lathe meter}
            location: {area: hall-1, line: line-1}
            every: 1s
            simulated: true
          oven-meter:
            bus: meters
            unit: 2
            profile: eastron/sdm120
            title: {nl: Meter oven, en: Oven meter}
            location: {area: hall-1, line: line-1}
            every: 1s
            simulated: true
        destinations:
          plant:
            url: mqtt://127.0.0.1:\(brokerPort)
            publish: [meta, values, batches, state]
            share: all
            exports: false   # the looker-on takes lines of 128 KiB, and an asset shell is longer

        """
    }

    private var broker: String {
        """
        listener \(brokerPort) 127.0.0.1
        allow_anonymous true
        persistence false
        log_dest none
        max_queued_messages 0
        \(geteuid() == 0 ? "user root" : "")

        """
    }

    /// Ports that are free now. All are held until the last is found, so that they differ.
    private static func freePorts(_ count: Int) throws -> [UInt16] {
        var sockets: [Int32] = []
        defer { sockets.forEach { close($0) } }
        var ports: [UInt16] = []
        for _ in 0..<count {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            guard descriptor >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
            sockets.append(descriptor)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let result = withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                    bind(descriptor, address, length) == 0 && getsockname(descriptor, address, &length) == 0
                }
            }
            guard result else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
            ports.append(UInt16(bigEndian: address.sin_port))
        }
        return ports
    }
}
