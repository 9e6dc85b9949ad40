package import KoppelCore

/// A device as an environment of the Asset Administration Shell 3.0 with one submodel, Asset Interfaces Description 1.1
/// (IDTA 02017-1-1), whose Modbus part is the vocabulary of the Thing Description (data model 3.15).
package enum AssetShell {
    /// The ids of what is in the environment. They stay the same for the same device.
    package struct IDs: Hashable, Sendable {
        package var shell: String
        package var interfaces: String

        package init(shell: String, interfaces: String) {
            self.shell = shell
            self.interfaces = interfaces
        }
    }

    package static func document(_ device: ExportedDevice, ids: IDs? = nil) -> JSONTree {
        let ids = ids ?? device.shellIDs
        let information: JSONTree =
            if let instance = device.instance {
                ["assetKind": "Instance", "globalAssetId": .string(instance.globalAssetID)]
            } else {
                ["assetKind": "Type", "globalAssetId": .string(device.typeID)]
            }
        return [
            "assetAdministrationShells": [
                [
                    "modelType": "AssetAdministrationShell",
                    "id": .string(ids.shell),
                    "idShort": .string(device.shellName),
                    "assetInformation": information,
                    "submodels": [AASElement.model(ids.interfaces)],
                ]
            ],
            "submodels": [
                [
                    "modelType": "Submodel",
                    "id": .string(ids.interfaces),
                    "idShort": "AssetInterfacesDescription",
                    "kind": "Instance",
                    "administration": ["version": "1", "revision": "0"],
                    "semanticId": AASElement.external(
                        "https://admin-shell.io/idta/AssetInterfacesDescription/1/1/Submodel"),
                    "submodelElements": [AssetInterface(device: device, submodel: ids.interfaces).element],
                ]
            ],
        ]
    }
}

extension ExportedDevice {
    /// An IRI for the device type in one version of its profile.
    var typeID: String { "https://koppel.example/cdm/1/type/\(profile)/\(profileVersion)" }

    fileprivate var shellName: String {
        if let instance { return instance.shortName }
        let letters = "\(manufacturer) \(model)".split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
        let name = letters.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
        return String((name.first?.isLetter == true ? name : "T" + name).prefix(128))
    }

    /// A shell and its submodel need ids of their own (data model 3.15), and a machine has one. From its `urn:uuid:` two
    /// more are made by changing bits of the node part, always the same ones.
    fileprivate var shellIDs: AssetShell.IDs {
        let id = instance?.id ?? typeID
        let marks: [UInt64] = [0x6161_7300_0000, 0x6169_6400_0000]
        let node = id.hasPrefix("urn:uuid:") ? UInt64(id.suffix(12), radix: 16) : nil
        guard let node else { return AssetShell.IDs(shell: id + "/aas", interfaces: id + "/aid") }
        let made = marks.map { mark in
            let digits = String(node ^ mark, radix: 16)
            return id.dropLast(12) + String(repeating: "0", count: 12 - digits.count) + digits
        }
        return AssetShell.IDs(shell: String(made[0]), interfaces: String(made[1]))
    }
}
