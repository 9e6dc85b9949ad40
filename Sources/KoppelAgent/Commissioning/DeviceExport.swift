package import KoppelCore
internal import KoppelDialects

/// A device type or a machine in a form that other software understands (`koppel profile export`).
package struct DeviceExport: Sendable {
    package enum Format: String, CaseIterable, Sendable {
        /// W3C Thing Description 1.1, or a Thing Model for a device type.
        case wot
        /// Asset Administration Shell with an Asset Interfaces Description.
        case aas
    }

    private let device: ExportedDevice

    /// A device type.
    package init(_ profile: DeviceProfile, language: String) {
        device = ExportedDevice(profile, language: language)
    }

    /// A machine of a site, with the id and the revision its agent gave it.
    ///
    /// `known` is the machine in the agent's journal; without it the export has an id made of its place, and no
    /// revision. `gateway` is where a machine on a serial line is reached over Modbus TCP all the same.
    package init(
        _ machine: MachineSettings, on bus: BusSettings, known: JournalReport.Machine?,
        gateway: (host: String, port: UInt16)?, language: String
    ) {
        let assembly = MachineAssembly(settings: machine, bus: bus)
        var description = assembly.description(assembly.provisionalRegister)
        let place = machine.location.map(\.id.description).joined(separator: "/")
        description.urn = known?.urn ?? "https://koppel.example/machine/\(place)"
        description.rev = known?.rev ?? 0
        if let gateway { description.access?.endpoint = .tcp(host: gateway.host, port: gateway.port) }
        device =
            ExportedDevice(description, language: language, isKnown: known != nil)
            ?? ExportedDevice(machine.profile, language: language)
    }

    /// False if the document cannot say how the machine is reached: neither format knows a serial line, or RTU frames
    /// inside TCP.
    package var hasAddress: Bool { device.instance == nil || device.instance?.base != nil }

    /// The document, for people too.
    package func text(_ format: Format) -> String {
        switch format {
        case .wot: ThingDescription.document(device).pretty
        case .aas: AssetShell.document(device).pretty
        }
    }
}
