/// What a profile can be made from.
package enum ImportFormat: String, CaseIterable, Sendable {
    /// A spreadsheet of registers.
    case csv
    /// A W3C Thing Description or Thing Model with the Modbus binding.
    case wot
    /// A Telegraf configuration with `inputs.modbus`.
    case telegraf
    /// A Home Assistant configuration with `modbus:`.
    case homeAssistant = "home-assistant"

    /// The format by the end of a file's name; `nil` if it does not say.
    package init?(path: String) {
        let name = path.lowercased()
        let endings: [(ImportFormat, [String])] = [
            (.csv, [".csv", ".tsv", ".txt"]), (.wot, [".json", ".jsonld"]), (.telegraf, [".toml", ".conf"]),
            (.homeAssistant, [".yaml", ".yml"]),
        ]
        guard let format = endings.first(where: { $0.1.contains(where: name.hasSuffix) })?.0 else { return nil }
        self = format
    }

    package var title: String {
        switch self {
        case .csv: "a spreadsheet of registers"
        case .wot: "a WoT Thing Description"
        case .telegraf: "a Telegraf configuration"
        case .homeAssistant: "a Home Assistant configuration"
        }
    }
}
