package import KoppelCore

/// A machine that answers reads as its profile says, with plausible values that move.
///
/// It is a function of the seed and the moment and keeps no state: the same question at the same moment gets the same
/// words, on any machine. Devices obey physics: power is voltage times current times power factor, totals are sums,
/// energies are integrals of powers and volumes of flows, and never fall. States, bits and values follow from one
/// course of work and do not contradict each other; counters count, and nothing is ever in trouble.
package struct SimulatedDevice: Sendable {
    private let points: [SimulatedPoint]
    private let limits: UnitLimits
    /// The marker, the heads and the end of SunSpec models: what no point is.
    private let headers: [UInt16: UInt16]
    /// Table and address to the points there, whole registers before single bits.
    private let places: [RegisterTable: [UInt16: [Int]]]

    /// A device of this type. Devices with different seeds move differently.
    package init(profile: DeviceProfile, seed: UInt64) {
        self.init(profile: profile, points: profile.points, seed: seed)
    }

    /// The machine of a site file: all of its profile, and what the site file added or changed.
    package init(machine: MachineSettings, seed: UInt64) {
        let changed = Set(machine.points.map(\.signal))
        self.init(
            profile: machine.profile,
            points: machine.profile.points.filter { !changed.contains($0.signal) } + machine.points, seed: seed)
    }

    private init(profile: DeviceProfile, points: [Point], seed: UInt64) {
        let physics = DevicePhysics(points: points, profile: profile, seed: seed)
        let exponents = ScaleExponents(points, physics: physics)
        let accepted = AcceptedNumbers(points)
        // Whole registers first, so that the bits of a register are laid over its number.
        let ordered =
            points.filter { PointEncoder($0).mask == 0xFFFF } + points.filter { PointEncoder($0).mask != 0xFFFF }
        self.points = ordered.map { point in
            let exponent = point.scaleRegister.flatMap { exponents.chosen[$0] } ?? 0
            let fixed = exponents.chosen[point.signal].map { [Behaviour.fixed(.int(Int64($0)))] }
            return SimulatedPoint(
                point,
                candidates: fixed ?? accepted.candidates(physics.candidates(point, exponent: exponent), of: point),
                alarms: profile.alarms, exponent: exponent)
        }
        var places: [RegisterTable: [UInt16: [Int]]] = [:]
        for (index, point) in ordered.enumerated() {
            for offset in 0..<point.wire.registers {
                guard let address = UInt16(exactly: Int(point.address) + offset) else { break }
                places[point.table, default: [:]][address, default: []].append(index)
            }
        }
        self.places = places
        limits = profile.limits
        headers = profile.layout?.example.headers ?? [:]
    }

    /// What the device says to a read.
    ///
    /// Exception 2 if an address is neither a point's nor in a readable gap, or if the profile wants even start and
    /// count and they are not; exception 3 if more is asked for than the device gives at once. A readable gap is 0.
    ///
    /// - Parameters:
    ///   - table: What is read.
    ///   - start: Zero-based data address.
    ///   - count: Registers or bits, from 1.
    ///   - moment: Since the simulation began.
    /// - Returns: Exactly `count` words, or an exception.
    package func answer(
        table: RegisterTable, start: UInt16, count: Int, at moment: Duration
    ) -> ReadOutcome {
        let most = table.isBits ? limits.bitsPerRequest : limits.registersPerRequest
        guard (1...min(most, table.protocolLimit)).contains(count) else { return .exception(ModbusException(code: 3)) }
        let isOdd = start % 2 != 0 || count % 2 != 0
        guard limits.start(toReach: start, in: table) == start else { return .exception(ModbusException(code: 2)) }
        guard Int(start) + count <= 65_536, !(limits.evenAlignment && !table.isBits && isOdd) else {
            return .exception(ModbusException(code: 2))
        }
        let seconds = moment.inSeconds
        let known = places[table] ?? [:]
        var words = [UInt16](repeating: 0, count: count)
        var cache: [Int: [UInt16]] = [:]
        for offset in 0..<count {
            let address = start + UInt16(offset)
            guard let indices = known[address] else {
                guard isReadableGap(table, address) else { return .exception(ModbusException(code: 2)) }
                if table == .holdingRegister { words[offset] = headers[address] ?? 0 }
                continue
            }
            for index in indices {
                let simulated = points[index]
                let value = cache[index] ?? simulated.words(seconds)
                cache[index] = value
                let place = Int(address) - Int(simulated.point.address)
                words[offset] = words[offset] & ~simulated.mask | value[place] & simulated.mask
            }
        }
        return .words(words)
    }

    /// As ``answer(table:start:count:at:)``; the unit is the caller's to check.
    package func answer(_ request: ReadRequest, at moment: Duration) -> ReadOutcome {
        answer(table: request.table, start: request.start, count: Int(request.count), at: moment)
    }

    /// True between where a read has to begin and the value it is for.
    private func isOnTheWay(_ table: RegisterTable, _ address: UInt16) -> Bool {
        guard limits.startAddresses[table] != nil else { return false }
        return points.contains { simulated in
            let point = simulated.point
            guard point.table == table, address < point.address else { return false }
            return limits.start(toReach: point.address, in: table).map { $0 <= address } == true
        }
    }

    private func isReadableGap(_ table: RegisterTable, _ address: UInt16) -> Bool {
        limits.allGapsReadable || isOnTheWay(table, address)
            || limits.readableGaps.contains { $0.table == table && $0.addresses.contains(address) }
    }
}
