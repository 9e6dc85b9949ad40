internal import Glibc
internal import KoppelCore

/// The bytes received and not yet used. One allocation for the life of a link.
struct ReceiveBuffer {
    /// Three of the longest frames: an answer, a foreign one, and noise.
    static let capacity = 1_024

    private let tap: (any FrameTap)?
    private var storage = [UInt8](repeating: 0, count: capacity)
    private var begin = 0
    private var end = 0

    /// `tap` sees all that is read.
    init(tap: (any FrameTap)? = nil) { self.tap = tap }

    var count: Int { end - begin }
    var isEmpty: Bool { begin == end }

    func withBytes<Result>(_ body: (Span<UInt8>) -> Result) -> Result {
        body(storage.span.extracting(begin..<end))
    }

    mutating func discard(_ number: Int) {
        begin += min(number, count)
        if begin == end { (begin, end) = (0, 0) }
    }

    mutating func discardAll() { (begin, end) = (0, 0) }

    /// Reads what is there without waiting. When the buffer is full, the older half is thrown away first: no frame
    /// is that long.
    ///
    /// - Returns: The number of bytes, 0 if nothing is there.
    /// - Throws: EPIPE at the end of the stream, otherwise errno.
    mutating func read(from descriptor: Int32) throws(LinkFault) -> Int {
        if end == Self.capacity { makeRoom() }
        let (end, room) = (end, Self.capacity - end)
        let result = unsafe storage.withUnsafeMutableBytes { bytes in
            CallResult(unsafe Glibc.read(descriptor, bytes.baseAddress.map { unsafe $0 + end }, room))
        }
        switch result.errno {
        case 0 where result.value == 0: throw .down(EPIPE)
        case 0:
            self.end += result.value
            tap?.saw(storage.span.extracting(end..<self.end), .received, at: .now)
        case EAGAIN, EINTR: return 0
        default: throw .down(result.errno)
        }
        return result.value
    }

    private mutating func makeRoom() {
        if begin == 0 { begin = Self.capacity / 2 }
        storage.replaceSubrange(0..<count, with: Array(storage[begin..<end]))
        (begin, end) = (0, count)
    }
}
