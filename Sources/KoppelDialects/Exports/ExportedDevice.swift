package import KoppelCore

/// A device type, or one machine of that type, as both export formats tell of it (data model 3.15).
package struct ExportedDevice: Hashable, Sendable {
    /// What only a machine has.
    package struct Instance: Hashable, Sendable {
        /// The machine's `@id`, an IRI.
        package var id: String
        /// The revision of its descriptor; `nil` if no agent has given it one yet.
        package var rev: UInt32?
        package var globalAssetID: String
        package var serialNumber: String?
        /// A short name made of letters, digits and underscores, starting with a letter.
        package var shortName: String
        /// Where it is reached over Modbus TCP; `nil` if it is not, since neither format can say anything else.
        package var base: String?

        package init(
            id: String, rev: UInt32?, globalAssetID: String, serialNumber: String?, shortName: String, base: String?
        ) {
            self.id = id
            self.rev = rev
            self.globalAssetID = globalAssetID
            self.serialNumber = serialNumber
            self.shortName = shortName
            self.base = base
        }
    }

    package var title: String
    package var manufacturer: String
    package var model: String
    package var profile: Identifier
    package var profileVersion: String
    package var signals: [ExportedSignal]
    /// `nil` for a device type.
    package var instance: Instance?

    /// A device type, as its profile tells it.
    package init(_ profile: DeviceProfile, language: String = "en") {
        title = "\(profile.manufacturer) \(profile.model)"
        manufacturer = profile.manufacturer
        model = profile.model
        self.profile = profile.id
        profileVersion = profile.version
        signals = ExportedSignal.all(
            of: profile.points, interval: profile.interval, timeout: profile.timing.responseTimeout, language: language)
    }

    /// A machine; `nil` if it is not known how it is reached. Without a journal its id and revision are made up, and
    /// then `isKnown` is false.
    package init?(_ machine: MachineDescription, language: String = "en", isKnown: Bool = true) {
        guard let access = machine.access else { return nil }
        title = machine.title.text(in: language) ?? machine.id.description
        manufacturer = machine.nameplate.manufacturer
        model = machine.nameplate.model
        profile = machine.profile
        profileVersion = machine.profileVersion
        signals = ExportedSignal.all(
            of: access.points, interval: access.interval, timeout: access.responseTimeout, language: language)
        instance = Instance(
            id: machine.urn, rev: isKnown ? machine.rev : nil, globalAssetID: machine.globalAssetID,
            serialNumber: machine.nameplate.serialNumber, shortName: Self.shortName(machine.id),
            base: Self.base(access))
    }

    /// `modbus+tcp://host:port/unit/`; `nil` for a serial line and for RTU frames inside TCP, which have no such form.
    private static func base(_ access: MachineAccess) -> String? {
        guard case .tcp(let host, let port) = access.endpoint else { return nil }
        let name = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
        return "modbus+tcp://\(name):\(port)/\(access.unit.rawValue)/"
    }

    /// `meter-freesbank-3` becomes `MeterFreesbank3`.
    private static func shortName(_ id: Identifier) -> String {
        let words = id.description.split(separator: "-").map { $0.prefix(1).uppercased() + $0.dropFirst() }
        let name = words.joined()
        return name.first?.isLetter == true ? name : "M" + name
    }
}

extension MachineDescription {
    /// What the maker calls this one product, else the machine's own id (data model 3.3).
    var globalAssetID: String { nameplate.uriOfTheProduct ?? urn }
}

extension LocalizedText {
    /// The text in a language, else in English, else in Dutch, else in any; `nil` if there is none.
    func text(in language: String) -> String? {
        self[language] ?? self["en"] ?? self["nl"] ?? self.min { $0.key < $1.key }?.value
    }
}
