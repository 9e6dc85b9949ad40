import KoppelCore
import KoppelDialects
import Testing

/// What comes from outside: anybody may send anything to these topics.
struct SparkplugCommandTests {
    private let dialect = SparkplugDialect(
        SparkplugSettings(group: "g", node: "n", primaryHost: "scada"), agent: Fixtures.agent, machines: [])

    /// A payload with one metric: its name, and then these bytes.
    private func command(_ name: String, _ rest: [UInt8]) -> [UInt8] {
        let metric = [0x0A, UInt8(name.utf8.count)] + Array(name.utf8) + rest
        return [0x12, UInt8(metric.count)] + metric
    }

    private func heard(_ payload: [UInt8], topic: String = "spBv1.0/g/NCMD/n", retain: Bool = false)
        -> EdgeNodeInput?
    {
        dialect.understand(IncomingMessage(topic: topic, payload: payload, retain: retain))
    }

    private func state(_ text: String, host: String = "scada", retain: Bool = true) -> EdgeNodeInput? {
        heard(Array(text.utf8), topic: "spBv1.0/STATE/\(host)", retain: retain)
    }

    private let yes: [UInt8] = [0x70, 1]

    @Test func `tck-id-message-flow-edge-node-ncmd-subscribe: commands and the primary host are subscribed`() {
        #expect(dialect.filters == ["spBv1.0/g/NCMD/n", "spBv1.0/STATE/scada"])
    }

    @Test func `tck-id-payloads-name-cmd-requirement: a rebirth is heard with and without datatype and timestamp`() {
        #expect(heard(command("Node Control/Rebirth", yes)) == .rebirth)
        #expect(heard(command("Node Control/Rebirth", [0x20, 11] + yes)) == .rebirth)
        #expect(heard(command("Node Control/Rebirth", [0x18, 1, 0x20, 11] + yes)) == .rebirth)
    }

    @Test func `a rebirth that says false, has no value or only an alias is none`() {
        #expect(heard(command("Node Control/Rebirth", [0x70, 0])) == nil)
        #expect(heard(command("Node Control/Rebirth", [])) == nil)
        #expect(heard([0x12, 4, 0x10, 0] + yes) == nil)
    }

    @Test func `P79: a command that the broker had kept is refused`() {
        #expect(heard(command("Node Control/Rebirth", yes), retain: true) == nil)
    }

    @Test func `a command for another node is none, and anything else is a wish to write`() {
        #expect(heard(command("Node Control/Rebirth", yes), topic: "spBv1.0/g/NCMD/m") == nil)
        #expect(heard(command("electrical/voltage", yes)) == .write(metric: "electrical/voltage"))
    }

    @Test func `random bytes end nothing`() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<2_000 {
            let bytes = (0..<Int.random(in: 0...60, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            _ = heard(bytes)
            _ = heard(bytes, topic: "spBv1.0/STATE/scada")
        }
    }

    @Test func `the state of the primary host is read, with whatever stands beside it`() {
        #expect(state(#"{"online":true,"timestamp":17}"#) == .host(isOnline: true, time: 17))
        #expect(state(#"{"timestamp": 18, "online" : false, "more": [1]}"#) == .host(isOnline: false, time: 18))
    }

    @Test(arguments: ["", "ONLINE", "{}", #"{"online":true}"#, #"{"timestamp":1}"#, #"{"online":1,"timestamp":1}"#])
    func `what is no state of version 3 is none`(text: String) {
        #expect(state(text) == nil)
    }

    @Test func `tck-id-message-flow-edge-node-birth-publish-phid-wait-id: another host does not count`() {
        #expect(state(#"{"online":true,"timestamp":17}"#, host: "other") == nil)
        #expect(state(#"{"online":true,"timestamp":17}"#, host: "scada2") == nil)
    }
}
