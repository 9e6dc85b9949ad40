internal import KoppelAgent
internal import KoppelCore

extension RegisterProbe {
    /// A probe on an open bus.
    ///
    /// - Throws: Exit code 69 after telling why it cannot be opened.
    static func opened(_ bus: BusSettings) async throws -> RegisterProbe {
        do throws(BusError) {
            let probe = try RegisterProbe(bus: bus, clock: .system())
            try await probe.open()
            return probe
        } catch {
            Streams.complain(error.plainText)
            throw ExitStatus.unavailable
        }
    }
}
