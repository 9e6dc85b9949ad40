import Testing

@testable import koppel

struct TextTableTests {
    private var machines: TextTable {
        var table = TextTable([.text("MACHINE"), .number("UNIT"), .text("NOTE")])
        table.add(["press", "1", "good"])
        table.add([TextTable.Cell("main-meter", .good), TextTable.Cell("247"), "a longer note"])
        return table
    }

    @Test func `numbers stand right, texts left, and no line ends in blanks`() {
        #expect(
            machines.rendered(.plain) == """
                MACHINE     UNIT  NOTE
                press          1  good
                main-meter   247  a longer note

                """)
    }

    @Test func `missing cells are empty, and a table without rows shows its titles`() {
        var table = TextTable([.text("A"), .number("B")])
        #expect(table.rendered(.plain) == "A  B\n")
        table.add(["long"])
        #expect(table.rendered(.plain) == "A     B\nlong\n")
    }

    @Test func `a narrow terminal cuts the widest text, never a number`() {
        #expect(
            machines.rendered(TerminalStyle(isColoured: false, width: 24)) == """
                MACHINE   UNIT  NOTE
                press        1  good
                main-me…   247  a longe…

                """)
    }

    @Test func `columns are aligned by what is seen, not by bytes`() {
        var table = TextTable([.text("NAME"), .number("VALUE")])
        table.add(["Zürich", "1"])
        table.add(["e\u{301}e", "22"])
        table.add(["工場", "333"])
        #expect(
            table.rendered(.plain) == """
                NAME    VALUE
                Zürich      1
                e\u{301}e         22
                工場      333

                """)
    }

    @Test func `colour does not count as width`() {
        var table = TextTable([.text("A"), .text("B")])
        table.add([TextTable.Cell("ok", .good), "x"])
        table.add(["longer", "y"])
        #expect(
            table.rendered(TerminalStyle(isColoured: true, width: nil)) == """
                \u{1B}[1mA\u{1B}[0m       \u{1B}[1mB\u{1B}[0m
                \u{1B}[32mok\u{1B}[0m      x
                longer  y

                """)
    }

    @Test func `a text from a device cannot steer the terminal`() {
        var table = TextTable([.text("A")])
        table.add(["\u{1B}[2Jgone\n\u{202E}"])
        #expect(table.rendered(.plain) == "A\n\u{FFFD}[2Jgone\u{FFFD}\u{FFFD}\n")
    }
}
