import Testing

/// What a command says when it cannot do what was asked, and the exit code it ends with.
@Suite(.timeLimit(.minutes(5)))
struct ErrorMessageTests {
    struct Mistake: CustomTestStringConvertible, Sendable {
        var name: String
        var arguments: String
        var code: Int32

        var testDescription: String { "\(name) ends with \(code)" }
    }

    static let mistakes = [
        Mistake(name: "unknown-command", arguments: "raed", code: 64),
        Mistake(name: "read-without-machine", arguments: "read", code: 64),
        Mistake(name: "read-half-a-machine", arguments: "read --bus tcp://127.0.0.1:1502 --unit 1", code: 64),
        Mistake(
            name: "read-both", arguments: "read --config x.yaml --bus tcp://127.0.0.1:1502", code: 64),
        Mistake(name: "scan-bad-units", arguments: "scan --bus tcp://127.0.0.1:1502 --units 5-3", code: 64),
        Mistake(name: "scan-no-port", arguments: "scan --bus rtu:/dev/koppel-none --units 1", code: 69),
        Mistake(name: "scan-rates-on-tcp", arguments: "scan --bus tcp://127.0.0.1:1502 --bauds 9600", code: 64),
        Mistake(name: "scan-bad-bus", arguments: "scan --bus tcp://", code: 78),
        Mistake(name: "identify-half", arguments: "identify --bus tcp://127.0.0.1:1502 --expect 1..2", code: 64),
        Mistake(name: "identify-no-band", arguments: "identify --words 1 --expect 2..1", code: 64),
        Mistake(name: "identify-nothing", arguments: "identify --words 1 --expect 1e9..2e9", code: 1),
        Mistake(
            name: "read-bad-machine", arguments: "read --bus http://x --unit 300 --profile eastron/sdm63", code: 78),
        Mistake(
            name: "read-no-port",
            arguments: "read --bus rtu:/dev/koppel-none --unit 1 --profile eastron/sdm120", code: 69),
        Mistake(name: "read-no-site", arguments: "read --config /koppel-none.yaml", code: 78),
        Mistake(name: "decode-unknown-profile", arguments: "decode --profile eastron/x --words input:0=0", code: 78),
        Mistake(
            name: "decode-bad-words", arguments: "decode --profile eastron/sdm120 --words input:0=12345", code: 64),
        Mistake(
            name: "decode-bad-bits", arguments: "decode --profile eastron/sdm120 --words coil:0=2", code: 64),
        Mistake(
            name: "decode-nothing", arguments: "decode --profile eastron/sdm120 --words input:0=4366", code: 1),
        Mistake(name: "profile-check-nothing", arguments: "profile check /koppel-none", code: 78),
        Mistake(name: "profile-show-unknown", arguments: "profile show eastron/sdm121", code: 78),
        Mistake(name: "check-no-site", arguments: "check --config /koppel-none.yaml", code: 78),
        Mistake(name: "journal-none", arguments: "journal info --data /koppel-none", code: 74),
        Mistake(name: "journal-both", arguments: "journal info --data x --config y", code: 64),
        Mistake(
            name: "simulate-elsewhere",
            arguments: "simulate --bus tcp://192.0.2.1:502 --unit 1 --profile eastron/sdm120", code: 69),
        Mistake(
            name: "simulate-at-a-port", arguments: "simulate --bus rtu:/dev/null --unit 1 --profile eastron/sdm120",
            code: 69),
        Mistake(
            name: "simulate-no-folder",
            arguments: "simulate --bus rtu:/koppel-none/port --unit 1 --profile eastron/sdm120", code: 69),
    ]

    @Test(arguments: mistakes)
    func `a mistake is told as it was approved`(_ mistake: Mistake) async throws {
        let arguments = mistake.arguments.split(separator: " ").map(String.init)
        let outcome = try await Program.run(arguments)
        #expect(outcome.code == mistake.code)
        // What check finds is its answer; what keeps another command from its work is an error.
        #expect(outcome.output.isEmpty == !mistake.arguments.contains("check"))
        try Golden.expect(outcome.output + outcome.errors, is: "error-" + mistake.name)
    }
}
