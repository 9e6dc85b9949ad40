package import Logging
internal import Synchronization

/// Counts the log lines of this process: an agent that logs edges and not levels has few (field rule P85).
package enum LogLineCount {
    private static let lines = Atomic<UInt64>(0)

    package static var total: UInt64 { lines.load(ordering: .relaxed) }

    /// A handler that counts what goes through it.
    package static func counting(_ handler: some LogHandler) -> some LogHandler { CountingLogHandler(inner: handler) }

    fileprivate static func note() { lines.wrappingAdd(1, ordering: .relaxed) }
}

private struct CountingLogHandler<Inner: LogHandler>: LogHandler {
    var inner: Inner

    var metadata: Logger.Metadata {
        get { inner.metadata }
        set { inner.metadata = newValue }
    }
    var logLevel: Logger.Level {
        get { inner.logLevel }
        set { inner.logLevel = newValue }
    }
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { inner[metadataKey: key] }
        set { inner[metadataKey: key] = newValue }
    }

    func log(event: LogEvent) {
        LogLineCount.note()
        inner.log(event: event)
    }
}
