internal import CLinuxShims
internal import Glibc
internal import KoppelCore

/// Where the numeric addresses of a host come from.
protocol HostNames: AnyObject {
    /// The addresses as they are now, at most ``HostLookup/maximumAddresses``.
    ///
    /// - Throws: `unknownHost` if there is none, or none is known at the deadline.
    func addresses(until deadline: ContinuousClock.Instant) throws(LinkFault) -> [String]
}

/// The addresses as the system knows them.
final class SystemHostNames: HostNames {
    private let host: String
    private var pending: HostLookup?

    init(host: String) { self.host = host }

    func addresses(until deadline: ContinuousClock.Instant) throws(LinkFault) -> [String] {
        // A look-up that was too slow is not started again but asked again.
        let lookup: HostLookup
        if let started = pending.take() { lookup = started } else { lookup = try HostLookup(host: host) }
        guard let addresses = try lookup.addresses(until: deadline) else {
            pending = consume lookup
            throw LinkFault(.unknownHost)
        }
        return addresses
    }
}

/// A name look-up that can be left alone when it takes too long (fault F30): the C library does it on a thread of
/// its own, so neither a bus nor a shutdown waits for a resolver.
@safe struct HostLookup: ~Copyable {
    private let raw: OpaquePointer

    /// At most this many addresses of a host are tried.
    static let maximumAddresses = 4

    init(host: String) throws(LinkFault) {
        guard let raw = unsafe koppel_lookup_begin(host) else { throw .down(ENOMEM) }
        unsafe self.raw = raw
    }

    deinit { unsafe koppel_lookup_end(raw) }

    /// The numeric addresses, or `nil` if they are not known at the deadline: ask again later.
    borrowing func addresses(until deadline: ContinuousClock.Instant) throws(LinkFault) -> [String]? {
        while true {
            let left = deadline - .now
            let wait = min(max(left, .zero), Waiting.slice)
            switch unsafe koppel_lookup_wait(raw, wait.wholeNanoseconds) {
            case 1: return found()
            case 0: break
            default: throw LinkFault(.unknownHost)
            }
            if left <= .zero { return nil }
            if Task.isCancelled { throw .cancelled }
        }
    }

    private borrowing func found() -> [String] {
        var result: [String] = []
        for index in 0..<Int32(Self.maximumAddresses) {
            var text = [CChar](repeating: 0, count: 64)
            guard unsafe koppel_lookup_address(raw, index, &text, 64) == 0 else { break }
            let address = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            if !result.contains(address) { result.append(address) }
        }
        return result
    }
}
