/// Where the number of the last connection (bdSeq) is kept over restarts.
package protocol BirthNumberStore: Sendable {
    /// `nil` if none was ever kept, or it cannot be read.
    func load() async -> UInt8?

    /// Keeps it before it is used, so that no number is used twice. A disk that refuses is told of by the store.
    func keep(_ number: UInt8) async
}

/// Counts the connections that were begun, 0 to 255 and round again: the number a host matches a death with its birth by.
actor BirthNumber {
    private let store: any BirthNumberStore
    private var number: UInt8?
    private var isUsed = false

    init(store: any BirthNumberStore) { self.store = store }

    /// The number of the present connection; 0 before the first.
    var current: UInt8 { number ?? 0 }

    /// The present number went out with a CONNECT, or may have.
    func markUsed() { isUsed = true }

    /// The number for the next CONNECT. An attempt that never got as far as a CONNECT does not use a number up.
    func next(connectWasSent: Bool) async -> UInt8 {
        if connectWasSent { isUsed = true }
        guard let present = number else { return await begin((await store.load() ?? 255) &+ 1) }
        return isUsed ? await begin(present &+ 1) : present
    }

    private func begin(_ next: UInt8) async -> UInt8 {
        await store.keep(next)
        number = next
        isUsed = false
        return next
    }
}
