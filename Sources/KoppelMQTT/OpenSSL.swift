internal import Glibc

/// OpenSSL is in the process because libmosquitto brings it along, so its functions are looked up by name.
enum OpenSSL {
    /// The function of this name; `nil` if there is none. The type has to be that of its manual page; those used here
    /// are the same in 1.1 and 3.
    static func find<Function>(_ name: String, as type: Function.Type) -> Function? {
        guard let address = unsafe dlsym(nil, name) else { return nil }
        return unsafe unsafeBitCast(address, to: type)
    }
}
