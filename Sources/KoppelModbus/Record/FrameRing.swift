package import KoppelCore
internal import Synchronization

/// The latest frames of one bus with their times, always on and bounded (field rule P86).
///
/// Adding one copies its bytes behind a lock that is only contended while somebody looks: 0.7 µs for a
/// question and its answer (release, two busy cores). The memory is taken as it fills, up to the limit.
package final class FrameRing: FrameTap {
    /// What is taken out of the ring.
    package struct Excerpt: Sendable {
        package var entries: [Transcript.Entry]
        /// When the first entry happened; now if there is none.
        package var begin: ContinuousClock.Instant
        /// The number of the entry that comes next. Ask for what comes after it later.
        package var next: UInt64
        /// Entries asked for that the ring no longer had.
        package var lost: Int
    }

    fileprivate struct State {
        var storage: [UInt8] = []
        /// Where the oldest entry begins, and how many bytes are in use.
        var head = 0
        var used = 0
        /// The number of the oldest entry, and of the one that comes next; from 0 in this run.
        var first: UInt64 = 0
        var next: UInt64 = 0
    }

    private enum Kind: UInt8 { case sent, received, opened, closed, failed }

    /// Nanoseconds since the ring was made, kind, length.
    fileprivate static let headerLength = 11

    /// Bytes at most.
    package let limit: Int
    private let origin: ContinuousClock.Instant
    private let state = Mutex(State())

    /// `limit` is bytes at most, at least 4 KiB: an answer takes some 30 to 270.
    package init(limit: Int, origin: ContinuousClock.Instant = .now) {
        self.limit = max(4_096, limit)
        self.origin = origin
    }

    // MARK: Adding

    package func saw(_ bytes: Span<UInt8>, _ direction: FrameDirection, at instant: ContinuousClock.Instant) {
        add(direction == .sent ? .sent : .received, bytes, at: instant)
    }

    package func saw(_ event: LinkEvent, at instant: ContinuousClock.Instant) {
        let (kind, text): (Kind, [UInt8]) =
            switch event {
            case .opened: (.opened, [])
            case .closed: (.closed, [])
            case .failed(let error): (.failed, Array(error.brief.utf8))
            }
        add(kind, text.span, at: instant)
    }

    private func add(_ kind: Kind, _ bytes: Span<UInt8>, at instant: ContinuousClock.Instant) {
        let count = min(bytes.count, 1_024)
        let time = UInt64(bitPattern: origin.duration(to: instant).wholeNanoseconds)
        state.withLock { state in
            state.makeRoom(for: Self.headerLength + count, limit: limit)
            for shift in stride(from: 0, to: 64, by: 8) {
                state.append(UInt8(truncatingIfNeeded: time >> UInt64(shift)))
            }
            state.append(kind.rawValue)
            state.append(UInt8(truncatingIfNeeded: count))
            state.append(UInt8(truncatingIfNeeded: count >> 8))
            for index in 0..<count { state.append(bytes[index]) }
            state.next += 1
        }
    }

    // MARK: Looking

    /// Bytes in use and bytes allocated.
    package var size: (used: Int, allocated: Int) { state.withLock { ($0.used, $0.storage.count) } }

    /// The number that the next entry will get.
    package var next: UInt64 { state.withLock { $0.next } }

    /// The entries from this number on, oldest first.
    package func excerpt(from number: UInt64 = 0) -> Excerpt {
        // A copy, so that the bus is not held up while entries are made of it.
        let state = state.withLock { $0 }
        let start = min(number, state.next)
        let lost = state.first > start ? Int(clamping: state.first - start) : 0
        var excerpt = Excerpt(entries: [], begin: .now, next: state.next, lost: lost)
        var place = state.head
        var before: Int64?
        for entry in state.first..<state.next {
            var time: UInt64 = 0
            for shift in 0..<8 { time |= UInt64(state.byte(place + shift)) << UInt64(shift * 8) }
            let count = Int(state.byte(place + 9)) | Int(state.byte(place + 10)) << 8
            defer { place += Self.headerLength + count }
            guard entry >= start, let kind = Kind(rawValue: state.byte(place + 8)) else { continue }
            let moment = Int64(bitPattern: time) / 1_000
            if before == nil { excerpt.begin = origin + .microseconds(moment) }
            let bytes = (0..<count).map { state.byte(place + Self.headerLength + $0) }
            excerpt.entries.append(
                Transcript.Entry(
                    silence: .microseconds(max(0, moment - (before ?? moment))), event: Self.event(kind, bytes)))
            before = max(before ?? moment, moment)
        }
        return excerpt
    }

    private static func event(_ kind: Kind, _ bytes: [UInt8]) -> Transcript.Event {
        switch kind {
        case .sent: .sent(bytes)
        case .received: .received(bytes)
        case .opened: .opened
        case .closed: .closed
        case .failed: .failed(String(decoding: bytes, as: UTF8.self))
        }
    }
}

extension FrameRing.State {
    /// Forgets the oldest entries until so many bytes fit.
    fileprivate mutating func makeRoom(for count: Int, limit: Int) {
        if used + count > storage.count, storage.count < limit { grow(to: min(limit, max(4_096, storage.count * 2))) }
        while used + count > storage.count {
            let length = FrameRing.headerLength + (Int(byte(head + 9)) | Int(byte(head + 10)) << 8)
            head = (head + length) % storage.count
            used -= length
            first += 1
        }
    }

    private mutating func grow(to size: Int) {
        var grown: [UInt8] = []
        grown.reserveCapacity(size)
        for place in 0..<used { grown.append(byte(head + place)) }
        grown.append(contentsOf: repeatElement(0, count: size - used))
        storage = grown
        head = 0
    }

    fileprivate mutating func append(_ byte: UInt8) {
        var place = head + used
        if place >= storage.count { place -= storage.count }
        storage[place] = byte
        used += 1
    }

    /// The byte at a place that may run past the end once.
    fileprivate func byte(_ place: Int) -> UInt8 { storage[place >= storage.count ? place - storage.count : place] }
}

extension BusError.Kind {
    /// A few words for a line of a transcript.
    var brief: String {
        switch self {
        case .timeout: "no answer in time"
        case .badFrame(let why): why.rawValue
        case .linkDown(let errno): "link down, errno \(errno)"
        case .portInUse(let holder): "the port is in use by \(holder.harmless)"
        case .refused: "connection refused"
        case .answerOutstanding: "not asked"
        case .unknownHost: "unknown host"
        case .unusable(let sentence): sentence.harmless
        }
    }
}

extension String {
    /// Short, and without what would end a line of a transcript.
    fileprivate var harmless: String {
        String(prefix(120)).replacing("\n", with: " ").replacing("\r", with: " ").replacing("#", with: " ")
    }
}
