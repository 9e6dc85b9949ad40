internal import Glibc
internal import KoppelCore

/// What went wrong below ``ModbusBus``, which adds bus, request and time to it.
struct LinkFault: Error, Equatable {
    let kind: BusError.Kind

    init(_ kind: BusError.Kind) { self.kind = kind }

    static func down(_ errno: Int32) -> LinkFault { LinkFault(.linkDown(errno: errno)) }
    static func bad(_ frame: BusError.BadFrame) -> LinkFault { LinkFault(.badFrame(frame)) }
    static let timeout = LinkFault(.timeout)
    /// The task was cancelled while waiting. The question may still be answered.
    static let cancelled = LinkFault.down(ECANCELED)
}

/// The result of a C call with its errno, read before anything else can change it.
struct CallResult {
    let value: Int
    /// 0 unless the call failed.
    let errno: Int32

    init(_ call: @autoclosure () -> Int) {
        value = call()
        errno = value < 0 ? Glibc.errno : 0
    }

    init(_ call: @autoclosure () -> Int32) { self.init(Int(call())) }
}
