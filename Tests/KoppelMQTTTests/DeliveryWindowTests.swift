import KoppelCore
import Testing

@testable import KoppelMQTT

struct DeliveryWindowTests {
    private let start = ContinuousClock.now
    private var window = DeliveryWindow(timeout: .seconds(10))

    private func at(_ seconds: Double) -> ContinuousClock.Instant { start + .seconds(seconds) }

    @Test func `P68: a message is acknowledged once, by its packet id`() {
        var window = window
        let first = window.handedOver(7, qos: 1, at: at(0))
        let second = window.handedOver(8, qos: 1, at: at(0))
        #expect(first != second)
        #expect(window.acknowledged(8, at: at(1)) == second)
        #expect(window.acknowledged(8, at: at(1)) == nil)
        #expect(window.acknowledged(99, at: at(1)) == nil)
        #expect(window.acknowledged(7, at: at(1)) == first)
        #expect(window.count == 0)
    }

    @Test func `U05: silence for the limit is overdue`() {
        var window = window
        _ = window.handedOver(1, qos: 1, at: at(0))
        #expect(!window.isOverdue(at: at(10)))
        #expect(window.isOverdue(at: at(10.1)))
    }

    @Test func `nothing in flight is never overdue, and the time begins with the next message`() {
        var window = window
        _ = window.handedOver(1, qos: 1, at: at(0))
        _ = window.acknowledged(1, at: at(1))
        #expect(!window.isOverdue(at: at(1_000)))
        _ = window.handedOver(2, qos: 1, at: at(1_000))
        #expect(!window.isOverdue(at: at(1_010)))
    }

    @Test func `U05: a message whose successors are acknowledged is overdue, whatever else moves`() {
        var window = window
        for packet in 1...4 { _ = window.handedOver(UInt16(packet), qos: 1, at: at(0)) }
        _ = window.acknowledged(2, at: at(5))
        _ = window.acknowledged(3, at: at(9))
        _ = window.acknowledged(4, at: at(14))
        #expect(!window.isOverdue(at: at(15)))
        #expect(window.isOverdue(at: at(15.1)))
    }

    @Test func `QoS 0 that is written says nothing about acknowledgements`() {
        var window = window
        _ = window.handedOver(1, qos: 1, at: at(0))
        for second in 1...20 {
            let packet = UInt16(100 + second)
            _ = window.handedOver(packet, qos: 0, at: at(Double(second)))
            _ = window.acknowledged(packet, at: at(Double(second)))
        }
        #expect(!window.isOverdue(at: at(20)))
        #expect(window.isOverdue(at: at(30.1)))
    }

    @Test func `U18: a line that moves is no fault, one that stands still is`() {
        var window = window
        _ = window.handedOver(1, qos: 1, at: at(0))
        for second in 0...60 { window.sendQueue(bytes: 700_000 - second * 10_000, at: at(Double(second))) }
        #expect(!window.isOverdue(at: at(70)))
        for second in 61...71 { window.sendQueue(bytes: 100_000, at: at(Double(second))) }
        #expect(window.isOverdue(at: at(70.1)))
    }

    @Test func `a ping that leaves is no progress`() {
        var window = window
        _ = window.handedOver(1, qos: 1, at: at(0))
        for second in 0...10 { window.sendQueue(bytes: second % 2 * 31, at: at(Double(second))) }
        #expect(window.isOverdue(at: at(10.1)))
    }

    @Test func `after a disconnect nothing is in flight, and tokens go on`() {
        var window = window
        let first = window.handedOver(1, qos: 1, at: at(0))
        window.clear()
        #expect(window.acknowledged(1, at: at(1)) == nil)
        #expect(!window.isOverdue(at: at(100)))
        #expect(window.handedOver(1, qos: 1, at: at(100)) != first)
    }

    struct Size: CustomTestStringConvertible {
        let testDescription: String
        let message: OutgoingMessage
        let version: DestinationSettings.ProtocolVersion
        let bytes: Int
    }

    @Test(arguments: [
        Size(testDescription: "QoS 0, 3.1.1", message: message("abc", topic: "t", qos: 0), version: .mqtt311, bytes: 8),
        Size(testDescription: "QoS 1, 3.1.1", message: message("abc", topic: "t"), version: .mqtt311, bytes: 10),
        Size(testDescription: "QoS 1, 5", message: message("abc", topic: "t"), version: .mqtt5, bytes: 11),
        Size(
            testDescription: "with content type", message: message("abc", topic: "t", contentType: "x/y"),
            version: .mqtt5, bytes: 17),
        Size(
            testDescription: "two bytes of length",
            message: message(String(repeating: "x", count: 200), topic: "t"), version: .mqtt5, bytes: 209),
    ])
    func `the size of a packet is what goes over the wire`(_ size: Size) {
        #expect(packetSize(of: size.message, version: size.version) == size.bytes)
    }
}
