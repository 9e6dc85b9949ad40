internal import KoppelCore
internal import KoppelDialects

/// A short text that changes exactly when the content of a machine's descriptor changes.
enum DescriptorFingerprint {
    /// The description must be a provisional one: its revision, numbers and times are part of the text.
    static func of(_ provisional: MachineDescription, agent: AgentDescription) -> String {
        let status = AgentStatus(session: "", since: Timestamp(nanoseconds: 0), clock: .synchronised)
        let descriptor =
            DataModelDialect(agent: agent, machines: [provisional]).birth(status)
            .first { $0.topic.hasSuffix("/_meta") }?.payload ?? []
        // Two 64-bit FNV-1a sums over the text from both ends; it guards against change, not against malice.
        let sums = [fnv1a(descriptor), fnv1a(descriptor.reversed())].map { String($0, radix: 16) }
        return "\(descriptor.count)-\(sums[0])-\(sums[1])"
    }

    private static func fnv1a(_ bytes: some Sequence<UInt8>) -> UInt64 {
        bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
}
