internal import Synchronization

/// What happened that the running agent has to act on.
///
/// Each kind is kept once, so that a storm of signals costs one more reload and never delays a stop.
final class Occurrences: Sendable {
    /// The most urgent first.
    enum Kind: CaseIterable { case stop, damage, reload }

    private let happened = Mutex<Set<Kind>>([])
    private let limit = Mutex(Duration.seconds(10))
    private let (wakeUps, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    /// How long stopping may take, as the running site says; 10 s before one is loaded.
    var shutdownLimit: Duration {
        get { limit.withLock { $0 } }
        set { limit.withLock { $0 = newValue } }
    }

    func note(_ kind: Kind) {
        _ = happened.withLock { $0.insert(kind) }
        wake.yield()
    }

    /// It was dealt with in passing.
    func forget(_ kind: Kind) { _ = happened.withLock { $0.remove(kind) } }

    /// The most urgent that nobody was told of yet. One task may wait at a time; `stop` for good once one was
    /// cancelled while it waited.
    func next() async -> Kind {
        var iterator = wakeUps.makeAsyncIterator()
        while true {
            let kind = happened.withLock { happened in
                Kind.allCases.first(where: happened.contains).flatMap { happened.remove($0) }
            }
            if let kind { return kind }
            guard await iterator.next() != nil else { return .stop }
        }
    }
}
