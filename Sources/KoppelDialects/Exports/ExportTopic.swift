internal import KoppelCore

/// The documents of a machine in the forms of others, by the ends of their topics (data model 3.11).
enum ExportTopic: String, CaseIterable {
    case thing = "_meta/td"
    case shell = "_meta/aas"

    /// Its name among the links of a descriptor.
    var link: StaticString {
        switch self {
        case .thing: "td"
        case .shell: "aas"
        }
    }

    var contentType: String {
        switch self {
        case .thing: "application/td+json"
        case .shell: "application/json"
        }
    }

    func document(of device: ExportedDevice) -> JSONTree {
        switch self {
        case .thing: ThingDescription.document(device)
        case .shell: AssetShell.document(device)
        }
    }
}
