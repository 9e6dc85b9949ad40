public import ArgumentParser
import Foundation
import KoppelAgent
import KoppelConfig
import Logging

/// The daemon.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Polls the machines of a site and delivers what they say, until it is stopped.",
        discussion: """
            SIGHUP loads the site file again, SIGTERM and Ctrl-C stop it. Log lines go to standard error.

            Example: koppel run --config /etc/koppel/koppel.yaml
            """)

    @Option(help: "The site file.")
    var config = "/etc/koppel/koppel.yaml"

    @Option(help: "How much to log: debug, info, notice, warning or error.")
    var log: Logger.Level = .info

    func run() async throws {
        signal(SIGPIPE, SIG_IGN)  // a broken connection is an error of that connection, not the end of the process
        LoggingSystem.bootstrap { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = log
            return LogLineCount.counting(handler)
        }
        let agent = Agent(environment: ProcessInfo.processInfo.environment) { [config] in
            let files = DiskFiles()
            let library = ProfileLibrary(shipped: ShippedProfiles.folder(files: files), files: files)
            return loadSite(at: config, library: library, files: files).admitted
        }
        do throws(AgentFailure) {
            try await agent.run()
        } catch {
            // The log has told each issue of the files already.
            if case .journal = error { Streams.complain("\(error)") }
            throw ExitCode(error.exitCode)
        }
    }
}

extension Logger.Level: @retroactive ExpressibleByArgument {}
