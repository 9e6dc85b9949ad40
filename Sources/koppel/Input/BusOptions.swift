internal import ArgumentParser
internal import KoppelConfig
internal import KoppelCore

/// The bus a commissioning command works on, and how long it waits there.
struct BusOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "tcp://HOST:PORT, rtu+tcp://HOST:PORT or rtu:/dev/...?baud=9600&format=8E1.", valueName: "url"))
    var bus: String

    @Option(help: ArgumentHelp("How long an answer may take, in milliseconds, 10 to 60000.", valueName: "ms"))
    var timeout: Int?

    func validate() throws {
        guard let timeout else { return }
        guard (10...60_000).contains(timeout) else { throw ValidationError("--timeout is 10 to 60000 milliseconds.") }
    }

    /// The bus meant, with this timeout unless one was given.
    ///
    /// - Throws: Exit code 78 after telling every issue.
    func load(timeout usual: Duration) throws -> BusSettings {
        let load = CommandLineSite(bus: bus).load(library: ProfileLibrary(folders: [], files: DiskFiles()))
        Streams.tell(issues: load.issues)
        guard var settings = load.site?.buses.first else { throw ExitStatus.configuration }
        settings.timeout = timeout.map { .milliseconds($0) } ?? usual
        return settings
    }
}
