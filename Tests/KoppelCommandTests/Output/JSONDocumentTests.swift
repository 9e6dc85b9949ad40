import Testing

@testable import koppel

struct JSONDocumentTests {
    private struct Example: Encodable {
        let zebra = 234.1
        let path = "electrical/voltage"
        let missing: Int? = nil
    }

    @Test func `keys are in order, slashes and numbers as people write them, absent is left out`() throws {
        #expect(
            try JSONDocument.text([Example()]) == """
                [
                  {
                    "path" : "electrical/voltage",
                    "zebra" : 234.1
                  }
                ]

                """)
    }

    @Test func `a number that is not finite is refused and never written`() {
        #expect(throws: EncodingError.self) { try JSONDocument.text([Double.nan]) }
    }
}
