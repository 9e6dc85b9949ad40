import Testing

@testable import koppel

struct TerminalStyleTests {
    struct Vector: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let isTerminal: Bool
        var environment: [String: String] = ["TERM": "xterm"]
        let isColoured: Bool
        let width: Int?
    }

    @Test(arguments: [
        Vector(testDescription: "a terminal", isTerminal: true, isColoured: true, width: 80),
        Vector(testDescription: "a pipe", isTerminal: false, isColoured: false, width: nil),
        Vector(
            testDescription: "NO_COLOR", isTerminal: true, environment: ["NO_COLOR": "1"], isColoured: false, width: 80),
        Vector(
            testDescription: "NO_COLOR, but empty", isTerminal: true, environment: ["NO_COLOR": ""], isColoured: true,
            width: 80),
        Vector(
            testDescription: "a dumb terminal", isTerminal: true, environment: ["TERM": "dumb"], isColoured: false,
            width: 80),
    ])
    func `colour and width are for terminals`(_ vector: Vector) {
        let style = TerminalStyle(isTerminal: vector.isTerminal, columns: 80) { vector.environment[$0] }
        #expect(style.isColoured == vector.isColoured)
        #expect(style.width == vector.width)
        #expect(style.paint("x", .bad) == (vector.isColoured ? "\u{1B}[31mx\u{1B}[0m" : "x"))
    }

    @Test func `a terminal that does not know its width has none`() {
        #expect(TerminalStyle(isTerminal: true, columns: 0, environment: { _ in nil }).width == nil)
    }
}
