import KoppelCore
import Testing

struct NameTests {
    @Test(arguments: ["electrical/voltage-l1", "a/b", "0/9", "\(String(repeating: "x", count: 32))/y"])
    func `a signal name is group and name`(text: String) {
        #expect(SignalName(text)?.description == text)
    }

    @Test(arguments: [
        "", "/", "a/", "/b", "voltage", "a/b/c", "A/b", "a/B", "a_b/c", "-a/b", "a/-b", "a/b ", "a/+", "a/#", "é/b",
        "a/b\0", "\(String(repeating: "x", count: 33))/y",
    ])
    func `a name that could break a topic is none`(text: String) {
        #expect(SignalName(text) == nil)
    }

    @Test func `the group is the part before the slash`() throws {
        #expect(try signal("electrical/voltage").group == "electrical")
    }

    @Test(arguments: ["box-1", "a", "eastron-sdm630-v2", "0"]) func `an identifier is one topic level`(text: String) {
        #expect(Identifier(text)?.description == text)
    }

    @Test(arguments: ["", "a/b", "Box", "-box", "a b", "a.b", String(repeating: "x", count: 33)])
    func `an identifier outside the alphabet is none`(text: String) {
        #expect(Identifier(text) == nil)
    }

    @Test func `names sort by their text`() throws {
        #expect(try signal("a/b") < signal("a/c"))
    }
}
