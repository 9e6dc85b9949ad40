internal import CLinuxShims
internal import Glibc
internal import KoppelCore
internal import KoppelExecutor
internal import Synchronization

/// Makes the connections of one link, on a thread of its own: reads the secrets, looks up the name, connects.
///
/// A name lookup can hang for as long as the resolver likes and cannot be ended. So nobody waits for this thread
/// (field rule P70): the link gives up at its deadline, and what comes later is thrown away unused. There is one
/// thread per link; an attempt begins when the one before has ended.
actor ConnectionDialler {
    private nonisolated let thread: ThreadExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe thread.asUnownedSerialExecutor() }

    private let settings: DestinationSettings
    private let timing: MQTTTiming
    private let secrets: SecretReader
    private let diagnosis: UplinkDiagnosis
    private let keepsSession: Bool

    /// `keepsSession` asks the broker to remember our subscriptions, and what comes on them, while we are away.
    init(
        settings: DestinationSettings, timing: MQTTTiming, secrets: SecretReader, diagnosis: UplinkDiagnosis,
        keepsSession: Bool = false
    ) {
        thread = ThreadExecutor(name: "dial \(settings.id)")
        self.settings = settings
        self.timing = timing
        self.secrets = secrets
        self.diagnosis = diagnosis
        self.keepsSession = keepsSession
    }

    /// A handle whose socket is connected: nothing was sent yet, or CONNECT.
    func dial(will: OutgoingMessage?, until deadline: ContinuousClock.Instant) throws(UplinkError) -> Connected {
        // An attempt that had to wait for a hanging one is of no use to anybody any more.
        guard ContinuousClock.now < deadline else { throw diagnosis.lookupHangs() }
        let families = try addressFamilies()
        var failure = diagnosis.lookupFailed("no address")
        for (index, family) in families.enumerated() {
            let share = ContinuousClock.now.duration(to: deadline) / (families.count - index)
            do throws(UplinkError) {
                return try connect(will: will, family: families.count > 1 ? family : nil, within: share)
            } catch {
                failure = error
            }
        }
        throw failure
    }

    private func connect(will: OutgoingMessage?, family: Int32?, within limit: Duration) throws(UplinkError)
        -> Connected
    {
        let handle = try prepare(will: will)
        let source = family.map { $0 == AF_INET6 ? "::" : "0.0.0.0" }
        // The library takes 5 s to 65,535 s.
        let keepalive = Int32(clamping: min(65_535, max(5, settings.keepalive.components.seconds)))
        let begun = handle.beginConnect(host: settings.host, port: settings.port, keepalive: keepalive, from: source)
        guard begun.isGood else {
            throw diagnosis.notBegun(begun, complaints: handle.complaints, refusal: handle.certificateRefusal)
        }
        let nanoseconds = max(0, limit.wholeNanoseconds)
        guard koppel_poll2(-1, handle.socket, 1, nanoseconds) & 12 != 0 else {
            throw diagnosis.connectFailed(ETIMEDOUT)
        }
        let code = handle.socketError
        guard code == 0 else { throw diagnosis.connectFailed(code) }
        // With TLS the library has written before the connection stood, and that write took the error with it.
        guard handle.isConnected else {
            throw diagnosis.connectFailed(handle.wasConnected ? ECONNRESET : ECONNREFUSED)
        }
        return Connected(handle)
    }

    private func prepare(will: OutgoingMessage?) throws(UplinkError) -> MosquittoHandle {
        guard
            let handle = MosquittoHandle(
                clientID: settings.clientID, version: settings.version, keepsSession: keepsSession)
        else {
            throw diagnosis.unusable("the client id '\(settings.clientID)' cannot be used", "Set another one.")
        }
        if let will {
            guard handle.setWill(will).isGood else {
                throw diagnosis.unusable("the will on topic '\(will.topic)' cannot be used", "Check the topic.")
            }
        }
        do throws(SecretReader.Problem) {
            var password: String?
            if let reference = settings.password { password = try secrets.read(reference) }
            guard handle.setLogin(user: settings.user, password: password).isGood else {
                throw SecretReader.Problem(
                    what: "user and password cannot be used", advice: "A password needs a user with MQTT 3.1.1.")
            }
            try secure(handle)
        } catch {
            throw diagnosis.unusable(error.what, error.advice)
        }
        return handle
    }

    private func secure(_ handle: borrowing MosquittoHandle) throws(SecretReader.Problem) {
        guard let tls = settings.tls else { return }
        var keyFile: String?
        switch tls.key {
        case .file(let path):
            try secrets.check(keyFile: path)
            keyFile = path
        case .environment(let name):
            throw SecretReader.Problem(
                what: "the TLS key cannot come from the environment variable \(name)",
                advice: "Keep the key in a file; systemd credentials are files, too.")
        case nil: break
        }
        guard MosquittoLibrary.tlsIsReady,
            handle.setTLS(caFile: tls.caFile, certificateFile: tls.certificateFile, keyFile: keyFile).isGood
        else {
            throw SecretReader.Problem(
                what: "the TLS files cannot be used (CA \(tls.caFile ?? "of the system"), certificate"
                    + " \(tls.certificateFile ?? "none"), key \(keyFile ?? "none"))",
                advice: "Check that they exist, that we may read them, and that certificate and key are both given.")
        }
    }

    /// The address families the name has, in the order in which they should be tried.
    ///
    /// libmosquitto tries the first address only when it connects without blocking, and "localhost" often is `::1`
    /// first while the broker listens on 127.0.0.1.
    private func addressFamilies() throws(UplinkError) -> [Int32] {
        var hints = unsafe addrinfo()
        unsafe hints.ai_family = AF_UNSPEC
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = unsafe getaddrinfo(settings.host, nil, &hints, &list)
        guard code == 0 else { throw diagnosis.lookupFailed(unsafe String(cString: gai_strerror(code))) }
        defer { unsafe freeaddrinfo(list) }
        var families: [Int32] = []
        var next = unsafe list
        while let entry = unsafe next?.pointee {
            let family = unsafe entry.ai_family
            if [AF_INET, AF_INET6].contains(family), !families.contains(family) { families.append(family) }
            unsafe next = entry.ai_next
        }
        return families
    }
}

/// Carries a handle from the thread that connected it to the one that uses it. If nobody takes it, it is closed.
final class Connected: Sendable {
    private let handle: Mutex<MosquittoHandle?>

    init(_ handle: consuming sending MosquittoHandle) { self.handle = Mutex(handle) }

    /// The handle, once.
    func take() -> MosquittoHandle? {
        handle.withLock { handle in
            var taken: MosquittoHandle?
            swap(&taken, &handle)
            return taken
        }
    }
}
