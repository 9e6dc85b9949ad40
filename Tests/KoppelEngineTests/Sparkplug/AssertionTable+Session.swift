import KoppelCore
import KoppelTestKit

/// Topics, sessions, deaths and the primary host.
extension Assertion {
    static let topics = [
        Assertion(
            """
            tck-id-topic-structure tck-id-topic-structure-namespace-a tck-id-topic-structure-namespace-valid-group-id
            tck-id-topic-structure-namespace-valid-edge-node-id tck-id-intro-group-id-chars
            tck-id-intro-edge-node-id-chars tck-id-intro-group-id-string tck-id-intro-edge-node-id-string
            """, each: numbered
        ) { $0.levels.prefix(2) == ["spBv1.0", "acme:hengelo"] && $0.levels[3] == "box-1" },
        Assertion(
            """
            tck-id-intro-device-id-string tck-id-intro-device-id-chars tck-id-topic-structure-namespace-valid-device-id
            tck-id-topic-structure-namespace-device-id-associated-message-types
            tck-id-message-flow-device-birth-publish-dbirth-match-edge-node-topic
            """, each: ofDevices
        ) { $0.levels.count == 5 && ["meter-01", "press-2"].contains($0.device) },
        Assertion(
            "tck-id-topic-structure-namespace-device-id-non-associated-message-types", each: ["NBIRTH", "NDATA"]
        ) { $0.levels.count == 4 },
        Assertion(
            """
            tck-id-topics-nbirth-topic tck-id-message-flow-edge-node-birth-publish-nbirth-topic
            """, each: ["NBIRTH"]
        ) { $0.message.topic == "spBv1.0/acme:hengelo/NBIRTH/box-1" },
        Assertion("tck-id-topics-ndata-topic", each: ["NDATA"]) {
            $0.message.topic == "spBv1.0/acme:hengelo/NDATA/box-1"
        },
        Assertion("tck-id-topics-dbirth-topic tck-id-message-flow-device-birth-publish-dbirth-topic", each: ["DBIRTH"])
        {
            $0.message.topic == "spBv1.0/acme:hengelo/DBIRTH/box-1/\($0.device ?? "")"
        },
        Assertion("tck-id-topics-ddata-topic", each: ["DDATA"]) {
            $0.message.topic == "spBv1.0/acme:hengelo/DDATA/box-1/\($0.device ?? "")"
        },
        Assertion("tck-id-topics-ddeath-topic", each: ["DDEATH"]) {
            $0.message.topic == "spBv1.0/acme:hengelo/DDEATH/box-1/press-2"
        },
        Assertion(
            "tck-id-topic-structure-namespace-unique-device-id",
            connection: { connection in
                Set(connection.messages("DBIRTH").prefix(2).compactMap(\.device)).count == 2
            }),
        Assertion("tck-id-case-sensitivity-sparkplug-ids") { session in
            let ids = Set(session.all.compactMap(\.device))
            return Set(ids.map { $0.lowercased() }).count == ids.count ? nil : "\(ids)"
        },
        Assertion("tck-id-case-sensitivity-metric-names", each: everyBirth) { seen in
            let names = seen.payload?.metrics.compactMap { $0.name?.lowercased() } ?? []
            return Set(names).count == names.count
        },
    ]

    static let sessions = [
        Assertion(
            """
            tck-id-principles-birth-certificates-order tck-id-message-flow-edge-node-birth-publish-connect
            tck-id-message-flow-device-birth-publish-nbirth-wait
            """, connection: { $0.messages.first?.type == "NBIRTH" }),
        Assertion(
            "tck-id-message-flow-edge-node-ncmd-subscribe",
            connection: { $0.terms.filters.contains("spBv1.0/acme:hengelo/NCMD/box-1") }),
        Assertion(
            """
            tck-id-message-flow-edge-node-birth-publish-will-message tck-id-payloads-ndeath-will-message
            tck-id-message-flow-edge-node-birth-publish-will-message-topic tck-id-topics-ndeath-topic
            """, connection: { $0.terms.will?.topic == "spBv1.0/acme:hengelo/NDEATH/box-1" }),
        Assertion(
            """
            tck-id-message-flow-edge-node-birth-publish-will-message-payload tck-id-topics-ndeath-payload
            """, connection: { will($0)?.payload?.metrics.map(\.name) == ["bdSeq"] }),
        Assertion(
            """
            tck-id-message-flow-edge-node-birth-publish-will-message-qos tck-id-payloads-ndeath-will-message-qos
            """, connection: { $0.terms.will?.qos == 1 }),
        Assertion(
            """
            tck-id-message-flow-edge-node-birth-publish-will-message-will-retained
            tck-id-payloads-ndeath-will-message-retain
            """, connection: { $0.terms.will?.retain == false }),
        Assertion(
            "tck-id-topics-ndeath-seq tck-id-payloads-ndeath-seq",
            connection: { connection in
                will(connection)?.payload.map { $0.seq == nil } ?? false
            }),
        Assertion(
            """
            tck-id-message-flow-edge-node-birth-publish-will-message-payload-bdSeq tck-id-topics-nbirth-bdseq-increment
            """
        ) { session in
            let numbers = session.connections.map { bdSeq(will($0)?.payload) }
            let types = session.connections.map { will($0)?.payload?.metric("bdSeq")?.datatype }
            return numbers == [255, 0, 1] && types == [4, 4, 4] ? nil : "\(numbers) of types \(types)"
        },
        Assertion(
            """
            tck-id-topics-nbirth-bdseq-matching tck-id-payloads-nbirth-bdseq-repeat tck-id-payloads-ndeath-bdseq
            tck-id-message-flow-edge-node-birth-publish-nbirth-payload-bdSeq
            tck-id-operational-behavior-data-commands-rebirth-action-3
            """,
            connection: { connection in
                let births = connection.messages("NBIRTH")
                return !births.isEmpty
                    && births.allSatisfy { birth in
                        birth.payload?.metric("bdSeq")?.datatype == 4
                            && bdSeq(birth.payload) == bdSeq(will(connection)?.payload)
                    }
            }),
    ]

    static let deaths = [
        Assertion("tck-id-operational-behavior-device-ddeath") { session in
            session.messages("DDEATH").count == 1 ? nil : "\(session.messages("DDEATH").count) deaths"
        },
        Assertion("tck-id-payloads-ddeath-timestamp", each: ["DDEATH"]) { $0.payload?.timestamp == sent },
        Assertion(
            """
            tck-id-topics-ddeath-seq-num tck-id-payloads-ddeath-seq tck-id-payloads-ddeath-seq-inc
            tck-id-payloads-ddeath-seq-number
            """, connection: { numbersRise($0) && $0.messages("DDEATH").allSatisfy { $0.payload?.seq != nil } }),
        Assertion("tck-id-topics-ddeath-mqtt", each: ["DDEATH"]) { $0.message.qos == 0 && !$0.message.retain },
    ]

    static let hosts = [
        Assertion(
            """
            tck-id-message-flow-edge-node-birth-publish-phid-wait tck-id-operational-behavior-edge-node-birth-sequence-wait
            tck-id-message-flow-edge-node-birth-publish-phid-wait-id
            tck-id-message-flow-edge-node-birth-publish-phid-wait-online
            tck-id-message-flow-edge-node-birth-publish-phid-wait-timestamp
            """
        ) { $0.beforeHost == 0 && !$0.all.isEmpty ? nil : "\($0.beforeHost) messages before the host was online" },
        Assertion(
            "tck-id-operational-behavior-primary-application-state-with-multiple-servers-state-subs",
            connection: { $0.terms.filters.contains("spBv1.0/STATE/scada") }),
        Assertion(
            """
            tck-id-message-flow-edge-node-birth-publish-phid-offline
            tck-id-operational-behavior-edge-node-termination-host-offline
            tck-id-operational-behavior-edge-node-termination-host-offline-reconnect
            """
        ) { $0.leftWithHost && $0.connections.count == 3 ? nil : "it stayed, or did not come back" },
        Assertion("tck-id-operational-behavior-edge-node-termination-host-offline-timestamp") {
            $0.survivedOldWord ? nil : "an old word ended it"
        },
        Assertion(
            """
            tck-id-operational-behavior-data-commands-rebirth-action-1
            tck-id-operational-behavior-data-commands-rebirth-action-2
            """
        ) { session in
            let types = session.connections[0].messages[session.rebirth].map(\.type)
            // A look at the node's own state may have been under way.
            let births = types.drop { $0 == "NDATA" }.prefix(3)
            return births == ["NBIRTH", "DBIRTH", "DBIRTH"] ? nil : "\(types.prefix(6))"
        },
    ]
}
