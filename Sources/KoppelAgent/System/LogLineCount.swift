internal import Glibc
package import Logging
internal import Synchronization

/// The log of the daemon: it counts its lines, limits those that repeat, and never waits for whoever reads it.
package enum LogLineCount {
    fileprivate struct State {
        var limit = LineLimit()
        /// Lines since the last one written that found no room.
        var dropped = 0
    }

    private static let lines = Atomic<UInt64>(0)
    fileprivate static let state = Mutex(State())
    /// A pipe that says it has room takes so much without blocking (PIPE_BUF of Linux is 4,096).
    fileprivate static let longestMessage = 2_500

    package static var total: UInt64 { lines.load(ordering: .relaxed) }

    /// A handler that counts what goes through it to standard error. A line for which there is no room there is dropped,
    /// so that a reader that stands still does not stop the polling (fault A13).
    package static func counting(_ handler: some LogHandler) -> some LogHandler { CountingLogHandler(inner: handler) }

    /// Makes sure that the three standard descriptors are taken: were one closed, the next file to be opened would get
    /// its number, and log lines would go into the journal. To be called before anything is opened.
    package static func holdStandardDescriptors() {
        for descriptor in 0...2 as ClosedRange<Int32> where fcntl(descriptor, F_GETFD) == -1 {
            _ = open("/dev/null", O_RDWR)  // the lowest free number, which is this one
        }
    }

    fileprivate static func note() { lines.wrappingAdd(1, ordering: .relaxed) }

    fileprivate static var hasRoom: Bool {
        var watched = pollfd(fd: 2, events: Int16(POLLOUT), revents: 0)
        return unsafe poll(&watched, 1, 0) == 1 && watched.revents & Int16(POLLOUT) != 0
    }
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
        var text = event.message.description
        // With the lock held, so that nobody else takes the room between the look and the line.
        LogLineCount.state.withLock { state in
            guard let held = state.limit.admit(text, at: .now) else { return }
            guard LogLineCount.hasRoom else {
                state.dropped += 1
                return
            }
            if held > 0 { text += " (and \(held) lines more like this before)" }
            if state.dropped > 0 { text += " (\(state.dropped) log lines before this one found no reader)" }
            if text.utf8.count > LogLineCount.longestMessage {
                text = String(decoding: text.utf8.prefix(LogLineCount.longestMessage), as: UTF8.self) + " …"
            }
            state.dropped = 0
            var event = event
            event.message = "\(text)"
            LogLineCount.note()
            inner.log(event: event)
        }
    }
}
