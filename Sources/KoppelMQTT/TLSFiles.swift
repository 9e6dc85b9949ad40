package import KoppelCore

/// Looks at the TLS files of a destination before anybody connects, as OpenSSL will (faults T06, T11).
///
/// Files that are not there are left out: they may come, and the destination says so. So are certificates that have
/// expired, which is no mistake of the site file.
package enum TLSFiles {
    /// What cannot be right, whatever the broker says.
    package struct Problem: Hashable, Sendable {
        /// The key of the site file below `tls`.
        package var key: String
        package var sentence: String
        package var hint: String
    }

    private typealias Pointer = UnsafeMutableRawPointer
    private typealias Load = @convention(c) (Pointer?, UnsafePointer<CChar>?) -> Int32
    private typealias LoadTyped = @convention(c) (Pointer?, UnsafePointer<CChar>?, Int32) -> Int32
    private typealias LoadCA = @convention(c) (Pointer?, UnsafePointer<CChar>?, UnsafePointer<CChar>?) -> Int32
    private typealias AskPassword = @convention(c) (UnsafeMutablePointer<CChar>?, Int32, Int32, Pointer?) -> Int32

    /// What is wrong with the files; `exists` says whether one is there and can be read.
    package static func problems(of tls: TLSSettings, exists: (String) -> Bool) -> [Problem] {
        guard MosquittoLibrary.tlsIsReady,
            let method = unsafe OpenSSL.find("TLS_client_method", as: (@convention(c) () -> Pointer?).self),
            let make = unsafe OpenSSL.find("SSL_CTX_new", as: (@convention(c) (Pointer?) -> Pointer?).self),
            let free = unsafe OpenSSL.find("SSL_CTX_free", as: (@convention(c) (Pointer?) -> Void).self),
            let setPassword = unsafe OpenSSL.find(
                "SSL_CTX_set_default_passwd_cb", as: (@convention(c) (Pointer?, AskPassword?) -> Void).self),
            let loadCA = unsafe OpenSSL.find("SSL_CTX_load_verify_locations", as: LoadCA.self),
            let loadCertificate = unsafe OpenSSL.find("SSL_CTX_use_certificate_chain_file", as: Load.self),
            let loadKey = unsafe OpenSSL.find("SSL_CTX_use_PrivateKey_file", as: LoadTyped.self),
            let fits = unsafe OpenSSL.find(
                "SSL_CTX_check_private_key", as: (@convention(c) (Pointer?) -> Int32).self),
            let forget = OpenSSL.find("ERR_clear_error", as: (@convention(c) () -> Void).self),
            let context = unsafe make(method())
        else { return [] }  // then the connection says it, in fewer words
        defer {
            unsafe free(context)
            forget()
        }
        // Without this OpenSSL asks for a pass phrase on the terminal.
        unsafe setPassword(context, { _, _, _, _ in 0 })
        var problems: [Problem] = []
        if let ca = tls.caFile, exists(ca), unsafe loadCA(context, ca, nil) != 1 {
            problems.append(
                Problem(
                    key: "ca", sentence: "there is no certificate in \(ca)",
                    hint: "It takes the CA's certificate in PEM form: -----BEGIN CERTIFICATE-----."))
        }
        guard let certificate = tls.certificateFile, case .file(let key)? = tls.key, exists(certificate), exists(key)
        else { return problems }
        guard unsafe loadCertificate(context, certificate) == 1 else {
            problems.append(
                Problem(
                    key: "certificate", sentence: "there is no certificate in \(certificate)",
                    hint: "It takes our certificate in PEM form, and those between it and the CA behind it."))
            return problems
        }
        // 1 is SSL_FILETYPE_PEM. A key of another kind than the certificate's is refused here, another of the same kind
        // by the check.
        let isLoaded = unsafe loadKey(context, key, 1) == 1
        let isFitting = unsafe fits(context) == 1
        if !isLoaded || !isFitting {
            problems.append(
                Problem(
                    key: "key",
                    sentence: isLoaded
                        ? "the key \(key) does not fit the certificate \(certificate)"
                        : "\(key) is no key that can be used with \(certificate)",
                    hint: "It takes the key the certificate was made for, in PEM form and without a pass phrase."))
        }
        return problems
    }
}
