internal import CLinuxShims
internal import Glibc
internal import KoppelCore

/// Guards the calls of libmodbus that wait with `select`: with a descriptor of 1024 or more the C library ends the
/// process (fault F27).
enum DescriptorLimit {
    /// FD_SETSIZE of glibc.
    static let highest: Int32 = 1_023
    /// Descriptors that other threads may open between the check and the call.
    static let margin: Int32 = 32

    /// Throws EMFILE if the next descriptor is out of what `select` can take, so that the link is tried again later.
    static func check() throws(LinkFault) {
        let probe = koppel_eventfd()
        guard probe >= 0 else { throw .down(-probe) }
        close(probe)
        guard probe <= highest - margin else { throw .down(EMFILE) }
    }
}
