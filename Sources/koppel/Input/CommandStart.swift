internal import Foundation
internal import Logging

/// What every command does before anything else.
enum CommandStart {
    /// Sends log lines from warnings up to standard error, and turns a broken pipe or connection into an error of
    /// that one write.
    static func begin() {
        signal(SIGPIPE, SIG_IGN)
        LoggingSystem.bootstrap { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = .warning
            return handler
        }
    }
}
