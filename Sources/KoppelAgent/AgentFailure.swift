package import KoppelConfig
package import KoppelCore

/// Why the agent did not start, or could not go on.
package enum AgentFailure: Error, Sendable, CustomStringConvertible {
    /// The files are wrong; all issues.
    case configuration([ConfigIssue])
    case journal(JournalError)

    package var description: String {
        switch self {
        case .configuration(let issues): issues.map(\.description).joined(separator: "\n")
        case .journal(let error): error.description
        }
    }

    /// The exit code of the command-line contract: 69 service unavailable, 74 input or output, 78 configuration.
    package var exitCode: Int32 {
        switch self {
        case .configuration: 78
        case .journal(let error):
            switch error.kind {
            case .inUse: 69
            case .newer: 78
            case .full, .readOnly, .corrupt, .folder, .durability, .other: 74
            }
        }
    }
}
