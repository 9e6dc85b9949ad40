import KoppelCore
import KoppelTestKit

/// Births, data and metrics.
extension Assertion {
    static let births = [
        Assertion(
            """
            tck-id-topics-nbirth-mqtt tck-id-payloads-nbirth-qos tck-id-payloads-nbirth-retain
            tck-id-message-flow-edge-node-birth-publish-nbirth-qos
            tck-id-message-flow-edge-node-birth-publish-nbirth-retained
            """, each: ["NBIRTH"]
        ) { $0.message.qos == 0 && !$0.message.retain },
        Assertion(
            """
            tck-id-topics-dbirth-mqtt tck-id-payloads-dbirth-qos tck-id-payloads-dbirth-retain
            tck-id-message-flow-device-birth-publish-dbirth-qos tck-id-message-flow-device-birth-publish-dbirth-retained
            """, each: ["DBIRTH"]
        ) { $0.message.qos == 0 && !$0.message.retain },
        Assertion(
            """
            tck-id-message-flow-edge-node-birth-publish-nbirth-payload
            tck-id-message-flow-device-birth-publish-dbirth-payload
            """, each: everyBirth
        ) { $0.payload != nil },
        Assertion(
            """
            tck-id-topics-nbirth-seq-num tck-id-payloads-nbirth-seq tck-id-payloads-sequence-num-req-nbirth
            tck-id-message-flow-edge-node-birth-publish-nbirth-payload-seq
            """, each: ["NBIRTH"]
        ) { $0.payload?.seq == 0 },
        Assertion(
            """
            tck-id-topics-nbirth-timestamp tck-id-payloads-nbirth-timestamp tck-id-topics-dbirth-timestamp
            tck-id-payloads-dbirth-timestamp
            """, each: everyBirth
        ) { $0.payload?.timestamp == sent },
        Assertion("tck-id-topics-nbirth-bdseq-included tck-id-payloads-nbirth-bdseq", each: ["NBIRTH"]) {
            bdSeq($0.payload) != nil
        },
        Assertion(
            """
            tck-id-topics-nbirth-rebirth-metric tck-id-payloads-nbirth-rebirth-req
            tck-id-operational-behavior-data-commands-rebirth-name
            tck-id-operational-behavior-data-commands-rebirth-name-aliases
            tck-id-operational-behavior-data-commands-rebirth-datatype
            tck-id-operational-behavior-data-commands-rebirth-value
            """, each: ["NBIRTH"]
        ) { seen in
            let metric = seen.payload?.metric("Node Control/Rebirth")
            return metric?.alias == nil && metric?.datatype == 11 && metric?.value?.field == 14
                && metric?.value?.number == 0
        },
        Assertion(
            """
            tck-id-topics-nbirth-metrics tck-id-operational-behavior-data-publish-nbirth-values tck-id-topics-dbirth-metrics
            tck-id-operational-behavior-data-publish-dbirth-values
            """, metricsOf: everyBirth
        ) { $0.name != nil && $0.datatype != nil && ($0.value != nil) != ($0.isNull == true) },
        Assertion(
            """
            tck-id-topics-nbirth-metric-reqs tck-id-operational-behavior-data-publish-nbirth tck-id-topics-dbirth-metric-reqs
            tck-id-operational-behavior-data-publish-dbirth
            """, connection: aliasesAreBorn),
        Assertion(
            """
            tck-id-topics-dbirth-seq tck-id-payloads-dbirth-seq tck-id-payloads-dbirth-seq-inc
            tck-id-message-flow-device-birth-publish-dbirth-payload-seq
            """, connection: { numbersRise($0) && !$0.messages("DBIRTH").isEmpty }),
        Assertion(
            "tck-id-payloads-dbirth-order tck-id-payloads-ndata-order tck-id-payloads-ddata-order",
            connection: birthsComeFirst),
    ]

    static let messages = [
        Assertion("tck-id-topics-ndata-mqtt tck-id-payloads-ndata-qos tck-id-payloads-ndata-retain", each: ["NDATA"]) {
            $0.message.qos == 0 && !$0.message.retain
        },
        Assertion("tck-id-topics-ddata-mqtt tck-id-payloads-ddata-qos tck-id-payloads-ddata-retain", each: ["DDATA"]) {
            $0.message.qos == 0 && !$0.message.retain
        },
        Assertion(
            """
            tck-id-topics-ndata-seq-num tck-id-payloads-ndata-seq tck-id-payloads-ndata-seq-inc tck-id-topics-ddata-seq-num
            tck-id-payloads-ddata-seq tck-id-payloads-ddata-seq-inc tck-id-payloads-sequence-num-incrementing
            """, connection: numbersRise),
        Assertion("tck-id-payloads-sequence-num-always-included", each: numbered) { $0.payload?.seq != nil },
        Assertion(
            """
            tck-id-topics-ndata-timestamp tck-id-payloads-ndata-timestamp tck-id-topics-ddata-timestamp
            tck-id-payloads-ddata-timestamp tck-id-payloads-timestamp-in-UTC
            """, each: data
        ) { $0.payload?.timestamp == sent },
        Assertion("tck-id-topics-ndata-payload tck-id-topics-ddata-payload", each: data) {
            $0.payload?.metrics.isEmpty == false
        },
        Assertion(
            """
            tck-id-operational-behavior-data-publish-nbirth-change tck-id-operational-behavior-data-publish-dbirth-change
            tck-id-principles-rbe-recommended
            """,
            connection: { connection in
                // Told once: no two live metrics of one alias with the same moment.
                var told: Set<String> = []
                return connection.messages(data[0], data[1]).allSatisfy { seen in
                    (seen.payload?.metrics ?? []).filter { $0.isHistorical != true }.allSatisfy { metric in
                        told.insert("\(seen.device ?? "") \(metric.alias ?? 0) \(metric.timestamp ?? 0)").inserted
                            || seen.type == "NDATA"
                    }
                }
            }),
        Assertion(
            """
            tck-id-operational-behavior-data-publish-nbirth-order tck-id-operational-behavior-data-publish-dbirth-order
            """,
            connection: { connection in
                var newest: [String: UInt64] = [:]
                return connection.messages(data[0], data[1]).allSatisfy { seen in
                    (seen.payload?.metrics ?? []).filter { $0.isHistorical != true }.allSatisfy { metric in
                        let name = "\(seen.device ?? "") \(metric.alias ?? 0)"
                        defer { newest[name] = metric.timestamp }
                        return newest[name] ?? 0 <= metric.timestamp ?? 0
                    }
                }
            }),
    ]

    static let metrics = [
        Assertion("tck-id-payloads-name-requirement", metricsOf: numbered) { $0.name != nil || $0.alias != nil },
        Assertion(
            "tck-id-payloads-alias-uniqueness",
            connection: { connection in
                let aliases = connection.messages.prefix(3).flatMap { $0.payload?.metrics.compactMap(\.alias) ?? [] }
                return !aliases.isEmpty && Set(aliases).count == aliases.count
            }),
        Assertion("tck-id-payloads-alias-birth-requirement", metricsOf: everyBirth) { metric in
            metric.name != nil
                && (metric.alias != nil || ["bdSeq", "Node Control/Rebirth"].contains(metric.name))
        },
        Assertion("tck-id-payloads-alias-data-cmd-requirement", metricsOf: data) {
            $0.alias != nil && $0.name == nil
        },
        Assertion("tck-id-payloads-name-birth-data-requirement", metricsOf: everyBirth + data) {
            $0.timestamp != nil
        },
        Assertion("tck-id-payloads-metric-timestamp-in-UTC", metricsOf: everyBirth + data) { metric in
            // The readings of the record are up to half an hour ahead of its one moment.
            (sent...sent + 2_000_000).contains(metric.timestamp ?? 0)
        },
        Assertion(
            """
            tck-id-payloads-metric-datatype-req tck-id-payloads-metric-datatype-value-type
            tck-id-payloads-metric-datatype-value
            """, metricsOf: everyBirth
        ) { (1...14).contains($0.datatype ?? 0) },
        Assertion("tck-id-payloads-metric-datatype-not-req", metricsOf: data) { $0.datatype == nil },
        Assertion(
            """
            tck-id-payloads-propertyset-keys-array-size tck-id-payloads-propertyset-values-array-size
            """
        ) { session in
            // What is read has as many keys as values, or it would not have been read.
            session.all.allSatisfy { $0.payload != nil }
                && session.metrics("DBIRTH").contains { !$0.properties.isEmpty }
                ? nil : "a payload could not be read, or there are no properties"
        },
        Assertion(
            """
            tck-id-payloads-metric-propertyvalue-type-type tck-id-payloads-metric-propertyvalue-type-value
            tck-id-payloads-metric-propertyvalue-type-req
            """, metricsOf: everyBirth + data
        ) { $0.properties.allSatisfy { (1...14).contains($0.type ?? 0) } },
        Assertion(
            "tck-id-payloads-propertyset-quality-value-type tck-id-payloads-propertyset-quality-value-value"
        ) { session in
            let found = session.metrics("DBIRTH", "DDATA").compactMap { $0.property("Quality") }
            let isRight = found.allSatisfy { $0.type == 3 && $0.value?.field == 3 }
            let values = Set(found.compactMap(\.value?.number))
            return isRight && values == [0, 192, 500] ? nil : "\(values)"
        },
    ]
}
