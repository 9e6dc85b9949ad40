internal import CLibmosquitto
internal import Glibc

/// Watches OpenSSL's check of the broker's certificate, to say afterwards why it was refused.
///
/// libmosquitto only logs "certificate verify failed", which is no help in front of a machine hall. The witness puts
/// itself before libmosquitto's own check, always gives that check's answer, and notes the reason for a refusal.
/// OpenSSL is in the process because libmosquitto brings it along, so its functions are looked up by name. If one is
/// missing there is no witness, and the text is shorter.
enum CertificateWitness {
    private typealias Pointer = UnsafeMutableRawPointer
    /// The verdict so far (1 is good), and an X509_STORE_CTX. Returns the verdict.
    typealias Check = @convention(c) (Int32, UnsafeMutableRawPointer?) -> Int32

    /// The slot of an SSL object that OpenSSL leaves to the application ("app data").
    private static let slot: Int32 = 0

    /// To be called after the SSL object was made and before the handshake.
    ///
    /// The inbox has to live as long as the handle.
    static func attach(to handle: OpaquePointer, inbox: ConnectionInbox) {
        guard let ssl = unsafe mosquitto_ssl_get(handle),
            let setData = unsafe find(
                "SSL_set_ex_data", as: (@convention(c) (Pointer?, Int32, Pointer?) -> Int32).self),
            let getCheck = unsafe find("SSL_get_verify_callback", as: (@convention(c) (Pointer?) -> Check?).self),
            let setCheck = unsafe find("SSL_set_verify", as: (@convention(c) (Pointer?, Int32, Check?) -> Void).self),
            let original = unsafe getCheck(ssl),
            unsafe setData(ssl, slot, Unmanaged.passUnretained(inbox).toOpaque()) == 1
        else { return }
        unsafe inbox.originalCheck = original
        // 1 is SSL_VERIFY_PEER.
        unsafe setCheck(ssl, 1) { verdict, context in
            guard let inbox = unsafe CertificateWitness.owner(of: context), let original = unsafe inbox.originalCheck
            else { return 0 }
            let answer = unsafe original(verdict, context)
            if answer == 0 { unsafe inbox.add(refusal: CertificateWitness.reason(verdict, context)) }
            return answer
        }
    }

    private static func owner(of context: Pointer?) -> ConnectionInbox? {
        guard let index = find("SSL_get_ex_data_X509_STORE_CTX_idx", as: (@convention(c) () -> Int32).self),
            let fromContext = unsafe find(
                "X509_STORE_CTX_get_ex_data", as: (@convention(c) (Pointer?, Int32) -> Pointer?).self),
            let fromSSL = unsafe find("SSL_get_ex_data", as: (@convention(c) (Pointer?, Int32) -> Pointer?).self),
            let data = unsafe fromSSL(fromContext(context, index()), slot)
        else { return nil }
        return unsafe Unmanaged<ConnectionInbox>.fromOpaque(data).takeUnretainedValue()
    }

    private static func reason(_ verdict: Int32, _ context: Pointer?) -> String {
        let current = unsafe find("X509_STORE_CTX_get_current_cert", as: (@convention(c) (Pointer?) -> Pointer?).self)
        let certificate = unsafe current?(context)
        // OpenSSL had nothing against it, so libmosquitto had: the host name.
        if verdict == 1 {
            let names = unsafe alternativeNames(certificate) ?? "no names"
            return "the certificate is not for the host, but for \(names)"
        }
        guard let ask = unsafe find("X509_STORE_CTX_get_error", as: (@convention(c) (Pointer?) -> Int32).self),
            let inWords = unsafe find(
                "X509_verify_cert_error_string", as: (@convention(c) (Int) -> UnsafePointer<CChar>?).self),
            case let code = unsafe ask(context), let words = unsafe inWords(Int(code))
        else { return "the certificate was refused" }
        let text = unsafe String(cString: words)
        return switch code {
        case 9: text + (unsafe date("X509_get0_notBefore", certificate).map { ": only from \($0)" } ?? "")
        case 10: text + (unsafe date("X509_get0_notAfter", certificate).map { ": on \($0)" } ?? "")
        default: text
        }
    }

    private static func date(_ which: String, _ certificate: Pointer?) -> String? {
        guard let get = unsafe find(which, as: (@convention(c) (Pointer?) -> Pointer?).self),
            let write = unsafe find("ASN1_TIME_print", as: (@convention(c) (Pointer?, Pointer?) -> Int32).self)
        else { return nil }
        return unsafe written { unsafe write($0, get(certificate)) }
    }

    private static func alternativeNames(_ certificate: Pointer?) -> String? {
        typealias Locate = @convention(c) (Pointer?, Int32, Int32) -> Int32
        typealias Get = @convention(c) (Pointer?, Int32) -> Pointer?
        typealias Write = @convention(c) (Pointer?, Pointer?, UInt, Int32) -> Int32
        guard let locate = unsafe find("X509_get_ext_by_NID", as: Locate.self),
            let get = unsafe find("X509_get_ext", as: Get.self),
            let write = unsafe find("X509V3_EXT_print", as: Write.self)
        else { return nil }
        // 85 is NID_subject_alt_name.
        let place = unsafe locate(certificate, 85, -1)
        guard place >= 0 else { return nil }
        return unsafe written { unsafe write($0, get(certificate, place), 0, 0) }
    }

    /// What `write` puts into a memory BIO, up to 500 bytes.
    private static func written(_ write: (Pointer?) -> Int32) -> String? {
        guard let kind = unsafe find("BIO_s_mem", as: (@convention(c) () -> Pointer?).self),
            let make = unsafe find("BIO_new", as: (@convention(c) (Pointer?) -> Pointer?).self),
            let read = unsafe find("BIO_read", as: (@convention(c) (Pointer?, Pointer?, Int32) -> Int32).self),
            let free = unsafe find("BIO_free", as: (@convention(c) (Pointer?) -> Int32).self),
            let bio = unsafe make(kind())
        else { return nil }
        defer { _ = unsafe free(bio) }  // says only whether there was something to free
        guard unsafe write(bio) == 1 else { return nil }
        var bytes = [UInt8](repeating: 0, count: 500)
        let count = unsafe read(bio, &bytes, Int32(bytes.count))
        return count > 0 ? String(decoding: bytes[..<Int(count)], as: UTF8.self) : nil
    }

    /// A function of OpenSSL. The type has to be that of its manual page; these are the same in 1.1 and 3.
    private static func find<Function>(_ name: String, as type: Function.Type) -> Function? {
        guard let address = unsafe dlsym(nil, name) else { return nil }
        return unsafe unsafeBitCast(address, to: type)
    }
}
