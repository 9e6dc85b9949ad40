internal import CLibmosquitto
internal import Glibc

/// Asks OpenSSL why it refused a certificate.
///
/// libmosquitto only logs "certificate verify failed". It hands out its SSL object, and OpenSSL is in the process
/// because libmosquitto brings it along, so its functions are looked up by name instead of linked.
enum TLSVerdict {
    private typealias VerifyResult = @convention(c) (UnsafeMutableRawPointer?) -> Int
    private typealias VerifyWords = @convention(c) (Int) -> UnsafePointer<CChar>?

    /// In words, for example "certificate has expired"; `nil` if the certificate was not refused by OpenSSL, or
    /// OpenSSL is too different to ask.
    static func of(_ handle: OpaquePointer) -> String? {
        guard let ssl = unsafe mosquitto_ssl_get(handle), let ask = unsafe dlsym(nil, "SSL_get_verify_result"),
            let inWords = unsafe dlsym(nil, "X509_verify_cert_error_string")
        else { return nil }
        let code = unsafe unsafeBitCast(ask, to: VerifyResult.self)(ssl)
        // 0 is good, 1 is "unspecified": libmosquitto's own check of the host name, which logs for itself.
        guard code > 1, let words = unsafe unsafeBitCast(inWords, to: VerifyWords.self)(code) else { return nil }
        return unsafe String(cString: words)
    }
}
