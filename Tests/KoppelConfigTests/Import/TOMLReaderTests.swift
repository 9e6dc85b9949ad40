import Testing

@testable import KoppelConfig

struct TOMLReaderTests {
    private func read(_ text: String) throws -> ForeignNode {
        ForeignNode(node: try TOMLReader.document(text))
    }

    @Test func `texts of all four kinds are read`() throws {
        let root = try read(
            #"""
            basic = "a \"b\" \t\u00e9 \\"
            literal = 'C:\no\escape'
            long = """
            one \
               two
            three"""
            raw = '''
            \d'd'''
            "quoted key" = "x"
            """#)
        #expect(root["basic"]?.text == "a \"b\" \té \\")
        #expect(root["literal"]?.text == "C:\\no\\escape")
        #expect(root["long"]?.text == "one two\nthree")
        #expect(root["raw"]?.text == "\\d'd")
        #expect(root["quoted key"]?.text == "x")
    }

    @Test func `numbers, booleans and dates are read`() throws {
        let root = try read(
            """
            whole = 1_000
            negative = -17
            hex = 0xDEAD_BEEF
            float = 6.626e-34
            yes = true   # a comment
            date = 1979-05-27T07:32:00Z
            """)
        #expect(root["whole"]?.whole == 1_000)
        #expect(root["negative"]?.whole == -17)
        #expect(root["hex"]?.whole == 0xDEAD_BEEF)
        #expect(root["float"]?.number == 6.626e-34)
        #expect(root["yes"]?.flag == true)
        #expect(root["date"]?.text == "1979-05-27T07:32:00Z")
    }

    @Test func `tables, arrays of tables and dotted keys belong to the header above them`() throws {
        let root = try read(
            """
            top = 1
            [[inputs.modbus]]
              name = "a"
              [[inputs.modbus.request]]
                fields = [
                  { address=0, name="x" },  # the first
                  { address=1, name="y", },
                ]
                [inputs.modbus.request.tags]
                  hall = "2"
              [[inputs.modbus.request]]
                register = "coil"
            [[inputs.modbus]]
            name = "b"
            workarounds.pause = "20ms"
            """)
        let plugins = root["inputs"]?["modbus"]?.items ?? []
        #expect(plugins.compactMap { $0["name"]?.text } == ["a", "b"])
        let requests = plugins[0]["request"]?.items ?? []
        #expect(requests.count == 2)
        #expect(requests[0]["fields"]?.items.compactMap { $0["name"]?.text } == ["x", "y"])
        #expect(requests[0]["fields"]?.items.map(\.position.line) == [6, 7])
        #expect(requests[0]["tags"]?["hall"]?.text == "2")
        #expect(requests[1]["register"]?.text == "coil")
        #expect(plugins[1]["workarounds"]?["pause"]?.text == "20ms")
        #expect(plugins[1]["request"] == nil)
    }

    struct Mistake: Sendable, CustomTestStringConvertible {
        var text: String
        var line: Int
        var sentence: String
        var testDescription: String { sentence }
    }

    @Test(arguments: [
        Mistake(text: "a = 1\nb\n", line: 2, sentence: "`=` belongs between a key and its value"),
        Mistake(text: "a = 1\na = 2\n", line: 2, sentence: "`a` stands twice, also in line 1"),
        Mistake(text: "a = yes\n", line: 1, sentence: "`yes` is no value"),
        Mistake(text: "a = \"open\nb = 1\n", line: 1, sentence: "the text that starts here does not end"),
        Mistake(text: "\na = [1,\n2\n", line: 4, sentence: "`,` or `]` belongs behind a value of an array"),
        Mistake(text: "a = [1, 2", line: 1, sentence: "`,` or `]` belongs behind a value of an array"),
        Mistake(text: "[x\n", line: 1, sentence: "`]` belongs behind the name of a table"),
        Mistake(text: "[x]\n[x]\n", line: 2, sentence: "`x` stands twice"),
        Mistake(text: "a = 1 b = 2\n", line: 1, sentence: "the line should end here"),
        Mistake(text: "a = \"\\q\"\n", line: 1, sentence: "this is no escape of a text"),
        Mistake(text: "a = {b = 1\n", line: 2, sentence: "`,` or `}` belongs behind a value of a table"),
        Mistake(text: "= 1\n", line: 1, sentence: "a key belongs here"),
        Mistake(text: "x = 1\n[[x]]\n", line: 2, sentence: "`x` stands twice, also in line 1"),
        Mistake(
            text: "a = " + String(repeating: "[", count: 65), line: 1,
            sentence: "arrays and tables stand more than 64 deep in each other"),
    ])
    func `a mistake is told with its line`(_ mistake: Mistake) {
        #expect {
            try TOMLReader.document(mistake.text)
        } throws: { error in
            guard let fault = error as? SyntaxFault else { return false }
            return fault.position.line == mistake.line && fault.sentence.hasPrefix(mistake.sentence)
        }
    }

    @Test func `no text ends the reader`() {
        // Every beginning of a file that has everything in it is read or refused.
        let whole = Array("[[a.b]]\nc = {d = [1, \"x\\u00e9\", '''y''']}\n\"e\" = \"\"\"\\\n z\"\"\" # f\n".utf8)
        for count in 0...whole.count {
            let text = String(decoding: whole.prefix(count), as: UTF8.self)
            do throws(SyntaxFault) { _ = try TOMLReader.document(text) } catch { #expect(error.position.line >= 1) }
        }
    }
}

struct JSONReaderTests {
    @Test func `values keep their lines`() throws {
        let root = ForeignNode(
            node: try JSONReader.document("{\n\"a\": [1, -2.5e3, true, null],\n\t\"b\": \"\\ud83d\\ude00\\/\"}"))
        #expect(root["a"]?.items.map(\.text) == ["1", "-2.5e3", "true", nil])
        #expect(root["b"]?.text == "😀/")
        #expect(root.keys.map(\.position.line) == [2, 3])
    }

    @Test(arguments: [
        ("{\"a\" 1}", "`:` belongs"), ("[1,]", "a value belongs here"), ("{} {}", "the document should end"),
        ("[1 2]", "`,` or `]` belongs"), ("\"\\x\"", "this is no escape"), ("[tru]", "`tru` is no value"),
        ("", "a value"),
        (String(repeating: "[", count: 70), "arrays and objects stand more than 64 deep"),
    ])
    func `a mistake is told`(_ text: String, _ sentence: String) {
        #expect {
            try JSONReader.document(text)
        } throws: { error in
            (error as? SyntaxFault)?.sentence.hasPrefix(sentence) == true
        }
    }
}
