/// What a person should be told of where the registers of a SunSpec machine lie.
package enum LayoutNews: Hashable, Sendable {
    case found(ModelChain)
    /// The device has SunSpec models, but not all that the profile needs.
    case otherDevice(ModelChain, missing: [UInt16])
    case noMarker
    /// The device ends its connection before all its models are named.
    case unsteady

    /// What a chain means for a machine that was looked for in it.
    package init(_ chain: ModelChain, for machine: LocatedMachine) {
        self = machine.missing.isEmpty ? .found(chain) : .otherDevice(chain, missing: machine.missing)
    }
}

extension LayoutNews: CustomStringConvertible {
    package var description: String {
        switch self {
        case .found(let chain): return "\(chain)"
        case .otherDevice(let chain, let missing):
            let lacked = missing.map(String.init).joined(separator: ", ")
            return
                "the profile reads SunSpec model \(lacked), and this unit has no such device (\(chain)). Choose the profile "
                + "for its models, see Devices/README.md"
        case .noMarker:
            let places = ChainWalk.bases.map(String.init).joined(separator: ", ")
            return
                "no SunSpec marker at holding register \(places). Check the unit id, and that Modbus with SunSpec is "
                + "switched on in the device"
        case .unsteady:
            return
                "the device ends its connection before it has named its SunSpec models, so nothing says that all of them are "
                + "of one device. Does it take one connection only, and does another program have that?"
        }
    }
}
