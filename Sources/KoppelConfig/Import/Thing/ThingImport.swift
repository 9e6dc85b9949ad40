internal import KoppelCore

/// Reads Thing Descriptions and Thing Models with the Modbus binding
/// (<https://www.w3.org/TR/wot-thing-description11/>, <https://w3c.github.io/wot-binding-templates/bindings/protocols/modbus/>),
/// with the terms under `kpl:` that Koppel's own have for what the binding lacks (data model 3.15).
struct ThingImport {
    let file: String

    func read(_ document: DocumentNode) -> ImportResult {
        var devices = DeviceCollection(file: file)
        for thing in ForeignNode(node: document).items where thing["properties"] != nil {
            read(thing, into: &devices)
        }
        guard !devices.all.isEmpty else {
            return ImportResult(
                file: file,
                SyntaxFault(
                    position: .start, sentence: "there is no Thing Description with properties in this file"))
        }
        return devices.result
    }

    private func read(_ thing: ForeignNode, into devices: inout DeviceCollection) {
        let title = thing["title"]?.text ?? thing["id"]?.text ?? "thing"
        func change(_ place: ThingProperty.Place, _ body: (inout ImportedDevice) -> Void) {
            let name = place.unit.map { "\(title)/\($0)" } ?? title
            devices.change(
                name, bus: place.bus, unit: place.unit,
                made: { device in
                    device.manufacturer = thing["schema:manufacturer"]?.text
                    device.model = thing["schema:model"]?.text ?? title
                }, body)
        }
        let properties = thing["properties"]
        let affordances = (properties?.keys ?? []).compactMap { key in
            properties?[key.name].map {
                ThingProperty(key: key.name, property: $0, position: key.position, base: thing["base"]?.text ?? "")
            }
        }
        // What has no address of its own is told where the first one is that has.
        let first = affordances.lazy.compactMap(\.place).first ?? ThingProperty.Place()
        for affordance in affordances { change(affordance.place ?? first) { affordance.add(to: &$0) } }
        for section in ["actions", "events"] {
            for key in thing[section]?.keys ?? [] {
                change(first) {
                    $0.leaveOut("\(section).\(key.name)", at: key.position, because: "Koppel reads properties only")
                }
            }
        }
        for place in Set(affordances.map { $0.place ?? first }) { change(place) { $0.takeUsualInterval() } }
    }
}

extension ImportedDevice {
    /// The interval most points have becomes that of the device.
    fileprivate mutating func takeUsualInterval() {
        let counts = Dictionary(grouping: points.compactMap(\.point.sampling.interval)) { $0 }.mapValues(\.count)
        guard let usual = counts.max(by: { ($0.value, $1.key) < ($1.value, $0.key) })?.key else { return }
        interval = usual
        for index in points.indices where points[index].point.sampling.interval == usual {
            points[index].point.sampling.interval = nil
        }
    }
}
