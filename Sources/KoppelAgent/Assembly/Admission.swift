internal import Glibc
package import KoppelConfig
internal import KoppelCore
internal import KoppelEngine
internal import KoppelMQTT

extension SiteLoad {
    /// The same load without its site if the plan of a bus cannot fit, or if the TLS files of a destination cannot be
    /// used with any broker (faults T06, T11), and with what is to be said about that (field rule P33). Only a serial line's own settings are reason enough to refuse: over TCP the answer times are assumed,
    /// and what was learned of devices later never keeps a site from starting.
    package var admitted: SiteLoad {
        guard let site else { return self }
        let refusals = site.buses.compactMap { bus in
            busPlaces[bus.id].flatMap { issue(for: bus, at: $0, in: site) }
        }
        let unusable = site.destinations.flatMap { destination in
            destinationPlaces[destination.id].map { issues(for: destination, at: $0) } ?? []
        }
        var result = self
        result.issues += refusals + unusable
        if !unusable.isEmpty { result.site = nil }
        if refusals.contains(where: { $0.severity == .error }) { result.site = nil }
        return result
    }

    private func issues(for destination: DestinationSettings, at place: ConfigPlace) -> [ConfigIssue] {
        guard let tls = destination.tls else { return [] }
        return TLSFiles.problems(of: tls, exists: { unsafe access($0, R_OK) == 0 }).map { problem in
            ConfigIssue(
                file: place.file, position: place.position, path: "\(place.path).tls.\(problem.key)", severity: .error,
                sentence: problem.sentence, hint: problem.hint)
        }
    }

    private func issue(for bus: BusSettings, at place: ConfigPlace, in site: Site) -> ConfigIssue? {
        let load = BusLoad(bus: bus, machines: site.machines)
        guard load.verdict == .doesNotFit || load.verdict == .mayNotFit else { return nil }
        let isRefused = load.verdict == .doesNotFit && bus.admission == .refuse
        var hint =
            load.waysOut.isEmpty ? "" : "Each of these makes it fit:" + load.waysOut.map { "\n    - \($0)" }.joined()
        if isRefused {
            hint += hint.isEmpty ? "" : "\n    "
            hint += "To run it all the same, with slots missed all the time, write `admission: warn` at this bus."
        }
        let percent = Int((load.load * 100).rounded())
        return ConfigIssue(
            file: place.file, position: place.position, path: place.path, severity: isRefused ? .error : .warning,
            sentence: load.verdict == .doesNotFit
                ? "reading what is asked takes \(percent) % of the time of this line\(bus.endpoint.rateText)"
                : "reading what is asked may take \(percent) % of the time of this bus (answer times are assumed)",
            hint: hint.isEmpty ? nil : hint)
    }
}

extension BusEndpoint {
    /// `, at 9600 baud`; nothing where there is no serial line.
    fileprivate var rateText: String {
        switch self {
        case .tcp: ""
        case .rtu(_, let line), .rtuOverTCP(_, _, let line): ", at \(line.baud) baud"
        }
    }
}
