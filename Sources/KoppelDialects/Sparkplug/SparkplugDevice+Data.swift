internal import KoppelCore
internal import SwiftProtobuf

/// What a device has to tell, as metrics.
extension SparkplugDevice {
    /// All metrics of the device with what is known of them, for its birth. What nothing is known of is null.
    func birthMetrics(_ data: [DeviceDatum], at time: Timestamp) -> [SparkplugPayload.Metric] {
        var known: [UInt64: SparkplugPayload.Metric] = [:]
        for datum in data {
            for metric in dataMetrics(datum) { known[metric.alias] = metric }
        }
        let all = signals + (state.map { [$0.current, $0.mode, $0.sub] } ?? []) + alarms.map(\.metric)
        return all.map { metric in
            var born = known[metric.alias] ?? unknown(metric, at: time)
            born.name = metric.name
            born.datatype = metric.type.rawValue
            born.clearIsHistorical()
            // Quality first, so that a host that looks at the first property only sees it.
            for (key, value) in zip(metric.properties.keys, metric.properties.values) {
                born.properties.keys.append(key)
                born.properties.values.append(value)
            }
            return born
        }
    }

    /// The metrics of one datum under their aliases; none if the device has no such signal, state or alarm.
    func dataMetrics(_ datum: DeviceDatum) -> [SparkplugPayload.Metric] {
        var metrics: [SparkplugPayload.Metric]
        switch datum.content {
        case .reading(let reading):
            metrics = metric(of: reading.signal).map { [told(reading, $0, saysGood: datum.saysGood)] } ?? []
        case .gap(let gap): metrics = metric(of: gap.signal).map { [missing(gap, $0)] } ?? []
        case .state(let state?): metrics = told(state, saysGood: datum.saysGood)
        case .state(nil): metrics = []
        case .alarm(let alarm): metrics = metric(of: alarm.code).map { [told(alarm, $0)] } ?? []
        }
        if datum.isHistorical {
            for index in metrics.indices { metrics[index].isHistorical = true }
        }
        return metrics
    }

    private func told(_ reading: Reading, _ metric: Metric, saysGood: Bool) -> SparkplugPayload.Metric {
        var told = plain(metric, reading.value, at: reading.time)
        told.add(reading.condition, saysGood: saysGood)
        return told
    }

    /// There is no message for a gap, so the first moment of it gets a null that says how long it is and why.
    private func missing(_ gap: Gap, _ metric: Metric) -> SparkplugPayload.Metric {
        var told = plain(metric, nil, at: gap.from)
        told.add(.dataLost, saysGood: false)
        told.properties.add("koppel/gapTo", .dateTime, .longValue(milliseconds(gap.to)))
        told.properties.add("koppel/gapLost", .uint64, .longValue(gap.lost))
        told.properties.add("koppel/gapReason", text: gap.reason.name)
        return told
    }

    private func told(_ state: MachineState, saysGood: Bool) -> [SparkplugPayload.Metric] {
        guard let metrics = self.state else { return [] }
        let texts = [
            (metrics.current, Optional(state.what.state)), (metrics.mode, state.what.mode),
            (metrics.sub, state.what.sub),
        ]
        return texts.map { metric, text in
            var told = plain(metric, text.map(Value.text), at: state.time)
            told.add(state.condition, saysGood: saysGood)
            return told
        }
    }

    private func told(_ alarm: AlarmChange, _ metric: Metric) -> SparkplugPayload.Metric {
        plain(metric, .bool(alarm.isActive), at: alarm.time)
    }

    /// Nothing was read since the agent started.
    private func unknown(_ metric: Metric, at time: Timestamp) -> SparkplugPayload.Metric {
        var told = plain(metric, nil, at: time)
        told.add(.waiting, saysGood: false)
        return told
    }

    private func plain(_ metric: Metric, _ value: Value?, at time: Timestamp) -> SparkplugPayload.Metric {
        var told = SparkplugPayload.Metric()
        told.alias = metric.alias
        told.timestamp = milliseconds(time)
        if let value = value.flatMap({ metric.type.field($0) }) { told.value = value } else { told.isNull = true }
        return told
    }
}

extension SparkplugPayload.Metric {
    fileprivate mutating func add(_ condition: Condition, saysGood: Bool) {
        guard condition != .good || saysGood else { return }
        properties.add(condition, saysGood: saysGood)
    }
}
