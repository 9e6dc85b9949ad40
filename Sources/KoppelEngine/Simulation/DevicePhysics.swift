internal import KoppelCore

/// What a device is made of, found from what its signals are about: no vendor or model is known by name, so that a new
/// profile is served as well as those of today.
struct DevicePhysics: Sendable {
    private let models: [any PhysicalModel]
    private let general: GeneralModel

    init(points: [Point], profile: DeviceProfile, seed: UInt64) {
        let traits = points.map(SignalTraits.init)
        let groups = Set(traits.map(\.group))
        let isSinglePhase = !traits.contains { $0.has("l2") }
        var models: [any PhysicalModel] = [InputOutputModel(seed: seed, points: traits)]
        var cycle = WorkCycle(seed: seed, period: 90...150)
        let battery = groups.contains("storage") ? BatteryModel(seed: seed) : nil
        if let battery, !traits.contains(where: { $0.has("active", "power") }) {
            // It delivers direct current itself; behind an inverter only its charge is seen.
            cycle = battery.cycle
            models.append(battery)
        } else if traits.contains(where: InverterModel.isDirect) {
            let inverter = InverterModel(seed: seed, isSinglePhase: isSinglePhase, points: traits)
            cycle = inverter.cycle
            models.append(inverter)
        } else if !groups.isDisjoint(with: ["drive", "motor", "spindle", "fan", "compressor", "pump"]) {
            let drive = DriveModel(seed: seed, hasPump: groups.contains("pump"))
            cycle = drive.cycle
            models.append(drive)
        } else if !groups.isDisjoint(with: ["joints", "tool", "axes", "axis"]) {
            models.append(RobotModel(cycle: cycle, seed: seed))
        } else if groups.contains("process") {
            let controller = ControllerModel(seed: seed)
            cycle = controller.cycle
            models.append(controller)
        }
        if let battery { models.append(battery) }
        models.append(DeviceConstants(manufacturer: profile.manufacturer, model: profile.model, seed: seed))
        if DevicePhysics.isMeter(traits) {
            models.append(MeterModel(load: ThreePhaseLoad(seed: seed), isSinglePhase: isSinglePhase))
        }
        if !groups.isDisjoint(with: FlowModel.groups) { models.append(FlowModel(seed: seed, groups: groups)) }
        models += [VibrationModel(seed: seed), StateModel(cycle: cycle, rule: profile.stateRule)]
        general = GeneralModel(cycle: cycle, seed: seed)
        self.models = models + [general]
    }

    /// What a signal could do, the likeliest first. The device takes the first that its registers can show and its
    /// profile calls good.
    func candidates(_ point: Point, exponent: Int) -> [Behaviour] {
        let traits = SignalTraits(point)
        let known = models.lazy.compactMap { $0.behaviour(of: point, traits) }.first.map { [$0] } ?? []
        guard point.dataType != .string else { return known }
        if point.dataType == .boolean { return known + [.raw { _ in 0 }, .raw { _ in 1 }] }
        if !point.enumeration.isEmpty {
            return known + point.enumeration.keys.sorted().map { key in .raw { _ in key } }
        }
        return known + general.swings(point, traits, exponent: exponent)
    }

    /// True if a voltage or an energy is measured.
    private static func isMeter(_ traits: [SignalTraits]) -> Bool {
        traits.contains { traits in
            ["electrical", "energy", "power"].contains(traits.group)
                && (traits.quantity == .voltage || traits.quantity == .activeEnergy)
        }
    }
}
