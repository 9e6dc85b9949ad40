internal import CLibmosquitto

/// Watches OpenSSL's check of the broker's certificate, to say afterwards why it was refused.
///
/// libmosquitto only logs "certificate verify failed", which is no help in front of a machine hall. The witness has
/// OpenSSL do its check as always, libmosquitto's check of the host name included, gives on the answer unchanged, and
/// notes the reason for a refusal. If a function of OpenSSL is missing there is no witness,
/// and the text is shorter.
enum CertificateWitness {
    private typealias Pointer = UnsafeMutableRawPointer
    /// The X509_STORE_CTX of the check, and the inbox. Returns 1 if the certificate is good.
    private typealias Check = @convention(c) (UnsafeMutableRawPointer?, UnsafeMutableRawPointer?) -> Int32

    /// To be called before connecting. The inbox has to live as long as the handle.
    ///
    /// The library takes our TLS context instead of making one, and sets it up like its own. It then leaves out its
    /// one-time preparation for TLS, so ``MosquittoLibrary/tlsIsReady`` has to be true.
    static func attach(to handle: OpaquePointer, inbox: ConnectionInbox) {
        guard let method = unsafe OpenSSL.find("TLS_client_method", as: (@convention(c) () -> Pointer?).self),
            let make = unsafe OpenSSL.find("SSL_CTX_new", as: (@convention(c) (Pointer?) -> Pointer?).self),
            let free = unsafe OpenSSL.find("SSL_CTX_free", as: (@convention(c) (Pointer?) -> Void).self),
            let setCheck = unsafe OpenSSL.find(
                "SSL_CTX_set_cert_verify_callback", as: (@convention(c) (Pointer?, Check?, Pointer?) -> Void).self),
            unsafe OpenSSL.find("X509_verify_cert", as: (@convention(c) (Pointer?) -> Int32).self) != nil,
            let context = unsafe make(method())
        else { return }
        // The handle holds the context itself from here on.
        defer { unsafe free(context) }
        unsafe setCheck(
            context,
            { check, inbox in
                let verify = unsafe OpenSSL.find(
                    "X509_verify_cert", as: (@convention(c) (Pointer?) -> Int32).self)
                guard let verify = unsafe verify, let inbox = unsafe inbox else { return 0 }
                let answer = unsafe verify(check)
                if answer <= 0 {
                    unsafe Unmanaged<ConnectionInbox>.fromOpaque(inbox).takeUnretainedValue()
                        .add(refusal: CertificateWitness.reason(check))
                }
                return answer
            }, Unmanaged.passUnretained(inbox).toOpaque())
        // Fails only for an option that the library does not know, and then it makes its own context.
        unsafe mosquitto_void_option(handle, MOSQ_OPT_SSL_CTX, context)
    }

    private static func reason(_ check: Pointer?) -> String {
        guard let ask = unsafe OpenSSL.find("X509_STORE_CTX_get_error", as: (@convention(c) (Pointer?) -> Int32).self),
            let current = unsafe OpenSSL.find(
                "X509_STORE_CTX_get_current_cert", as: (@convention(c) (Pointer?) -> Pointer?).self),
            let inWords = unsafe OpenSSL.find(
                "X509_verify_cert_error_string", as: (@convention(c) (Int) -> UnsafePointer<CChar>?).self),
            case let code = unsafe ask(check), let words = unsafe inWords(Int(code))
        else { return "the certificate was refused" }
        let certificate = unsafe current(check)
        let text = unsafe String(cString: words)
        return switch code {
        // Unspecified: OpenSSL had nothing against it, so libmosquitto had, and it looks at the host name only.
        case 1: unsafe "the certificate is not for the host, but for \(alternativeNames(certificate) ?? "no names")"
        case 9: text + (unsafe date("X509_get0_notBefore", certificate).map { ": only from \($0)" } ?? "")
        case 10: text + (unsafe date("X509_get0_notAfter", certificate).map { ": on \($0)" } ?? "")
        default: text
        }
    }

    private static func date(_ which: String, _ certificate: Pointer?) -> String? {
        guard let get = unsafe OpenSSL.find(which, as: (@convention(c) (Pointer?) -> Pointer?).self),
            let write = unsafe OpenSSL.find("ASN1_TIME_print", as: (@convention(c) (Pointer?, Pointer?) -> Int32).self)
        else { return nil }
        return unsafe written { unsafe write($0, get(certificate)) }
    }

    private static func alternativeNames(_ certificate: Pointer?) -> String? {
        typealias Locate = @convention(c) (Pointer?, Int32, Int32) -> Int32
        typealias Get = @convention(c) (Pointer?, Int32) -> Pointer?
        typealias Write = @convention(c) (Pointer?, Pointer?, UInt, Int32) -> Int32
        guard let locate = unsafe OpenSSL.find("X509_get_ext_by_NID", as: Locate.self),
            let get = unsafe OpenSSL.find("X509_get_ext", as: Get.self),
            let write = unsafe OpenSSL.find("X509V3_EXT_print", as: Write.self)
        else { return nil }
        // 85 is NID_subject_alt_name.
        let place = unsafe locate(certificate, 85, -1)
        guard place >= 0 else { return nil }
        return unsafe written { unsafe write($0, get(certificate, place), 0, 0) }
    }

    /// What `write` puts into a memory BIO, up to 500 bytes.
    private static func written(_ write: (Pointer?) -> Int32) -> String? {
        guard let kind = unsafe OpenSSL.find("BIO_s_mem", as: (@convention(c) () -> Pointer?).self),
            let make = unsafe OpenSSL.find("BIO_new", as: (@convention(c) (Pointer?) -> Pointer?).self),
            let read = unsafe OpenSSL.find("BIO_read", as: (@convention(c) (Pointer?, Pointer?, Int32) -> Int32).self),
            let free = unsafe OpenSSL.find("BIO_free", as: (@convention(c) (Pointer?) -> Int32).self),
            let bio = unsafe make(kind())
        else { return nil }
        defer { _ = unsafe free(bio) }  // says only whether there was something to free
        guard unsafe write(bio) == 1 else { return nil }
        var bytes = [UInt8](repeating: 0, count: 500)
        let count = unsafe read(bio, &bytes, Int32(bytes.count))
        return count > 0 ? String(decoding: bytes[..<Int(count)], as: UTF8.self) : nil
    }
}
