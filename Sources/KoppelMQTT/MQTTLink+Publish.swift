internal import CLibmosquitto
package import KoppelCore

extension MQTTLink {
    package func publish(_ message: OutgoingMessage) async throws(UplinkError) -> DeliveryToken {
        guard phase == .open else {
            throw diagnosis.error(.notConnected, "there is no connection at this moment", "The message was not kept.")
        }
        guard !window.isFull else {
            // 0x93 is the reason code for exceeding the receive maximum.
            throw diagnosis.error(
                .unavailable(code: 0x93), "\(window.count) messages are handed over and not acknowledged",
                "The message was not kept. Lower the destination's window.")
        }
        if let code = refusal(of: message) { return refuse(code) }
        guard let (result, packet) = handle?.publish(message, properties: settings.version == .mqtt5) else {
            throw diagnosis.error(.notConnected, "there is no connection at this moment", "The message was not kept.")
        }
        if result.isGood {
            let token = window.handedOver(packet, qos: message.qos, at: .now)
            settle()
            return token
        }
        switch mosq_err_t(result.code) {
        case MOSQ_ERR_INVAL, MOSQ_ERR_MALFORMED_UTF8: return refuse(0x90)
        case MOSQ_ERR_PAYLOAD_SIZE, MOSQ_ERR_OVERSIZE_PACKET: return refuse(0x95)
        case MOSQ_ERR_QOS_NOT_SUPPORTED: return refuse(0x9B)
        default:
            // The library may have kept the message (field rule P67), so the handle goes and takes it along.
            lose(failure(result))
            throw diagnosis.error(
                .notConnected, "the connection broke while a message was handed over", "The message was not kept.")
        }
    }

    /// Tells of a message that cannot be handed over. It is refused like one that the broker refused.
    private func refuse(_ code: UInt8) -> DeliveryToken {
        let token = window.newToken()
        onEvent?(.refused(token, Refusal(reasonCode: code)))
        return token
    }

    /// The reason code for a message that must not reach the library; `nil` if it may.
    private func refusal(of message: OutgoingMessage) -> UInt8? {
        // C would cut the topic at a zero byte and publish to another one.
        if message.topic.utf8.contains(0) { return 0x90 }
        // The library's own check lets packets pass that are up to two bytes too large, and then the broker ends
        // the connection (2.0.11, packet__check_oversize).
        guard let maximum = facts.maximumPacketSize else { return nil }
        return packetSize(of: message, version: settings.version) > maximum ? 0x95 : nil
    }
}

/// The size of a PUBLISH packet on the wire (MQTT 5, 3.3).
func packetSize(of message: OutgoingMessage, version: DestinationSettings.ProtocolVersion) -> Int {
    var remaining = 2 + message.topic.utf8.count + (message.qos > 0 ? 2 : 0) + message.payload.count
    if version == .mqtt5 {
        let properties = message.contentType.map { 3 + $0.utf8.count } ?? 0
        remaining += variableLength(properties) + properties
    }
    return 1 + variableLength(remaining) + remaining
}

/// The bytes a number takes as variable byte integer (MQTT 5, 1.5.5).
private func variableLength(_ number: Int) -> Int {
    switch number {
    case ..<128: 1
    case ..<16_384: 2
    case ..<2_097_152: 3
    default: 4
    }
}
