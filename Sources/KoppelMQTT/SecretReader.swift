internal import Glibc
internal import KoppelCore

/// Fetches secrets from where the site file says they are, at each connect, so that a changed one needs no restart.
package struct SecretReader: Sendable {
    /// The longest secret that is read: 64 KiB less one, what MQTT allows for a password.
    static let limit = 65_535

    private let environment: @Sendable (String) -> String?

    /// - Parameter environment: The value of a variable of the process.
    package init(environment: @escaping @Sendable (String) -> String? = Self.processEnvironment) {
        self.environment = environment
    }

    package static let processEnvironment: @Sendable (String) -> String? = { name in
        unsafe getenv(name).map { unsafe String(cString: $0) }
    }

    /// Why a secret cannot be had: what is wrong, and what to do.
    struct Problem: Error {
        var what: String
        var advice: String
    }

    /// The secret without a newline at its end.
    func read(_ reference: SecretReference) throws(Problem) -> String {
        switch reference {
        case .environment(let name):
            guard let value = environment(name), !value.isEmpty else {
                throw Problem(
                    what: "the environment variable \(name) with a secret is not set",
                    advice: "Set it for the service, or keep the secret in a file.")
            }
            return value
        case .file(let path):
            let file = try Self.open(path)
            defer { close(file) }
            var bytes = [UInt8](repeating: 0, count: Self.limit + 1)
            var count = 0
            while count < bytes.count {
                let (number, code) = unsafe bytes.withUnsafeMutableBytes { buffer in
                    unsafe (Glibc.read(file, buffer.baseAddress?.advanced(by: count), buffer.count - count), errno)
                }
                if number == 0 { break }
                if number < 0 {
                    if code == EINTR { continue }
                    throw Problem(what: "the secret in \(path) cannot be read (\(Self.words(code)))", advice: "")
                }
                count += number
            }
            var text = bytes[..<count]
            while text.last == UInt8(ascii: "\n") || text.last == UInt8(ascii: "\r") { text.removeLast() }
            guard let secret = String(validating: text, as: UTF8.self), !secret.isEmpty, count <= Self.limit,
                !text.contains(0)
            else {
                throw Problem(
                    what: "the secret in \(path) is empty, longer than 65,535 bytes or not text",
                    advice: "Write the secret alone into the file, as UTF-8.")
            }
            return secret
        }
    }

    /// Checks a key file that a library is going to read by itself.
    func check(keyFile path: String) throws(Problem) {
        close(try Self.open(path))
    }

    /// Opens a file that only we, root and systemd can have written to and read (fault A23).
    private static func open(_ path: String) throws(Problem) -> Int32 {
        let (file, code) = unsafe (Glibc.open(path, O_RDONLY | O_CLOEXEC), errno)
        guard file >= 0 else {
            throw Problem(
                what: "the secret file \(path) cannot be opened (\(words(code)))",
                advice: "Check the path, and that the user of the service may read it.")
        }
        var status = stat()
        guard unsafe fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(file)
            throw Problem(what: "\(path) is not a file", advice: "Name a file with the secret in it.")
        }
        // systemd keeps credentials where only the service can look, and may set other bits on them.
        if path.hasPrefix("/run/credentials/") { return file }
        // The group may read: that is how root lends a secret to the user of the service.
        if status.st_mode & 0o027 != 0 {
            close(file)
            throw Problem(
                what:
                    "the secret file \(path) is open to other users (mode 0\(String(status.st_mode & 0o7777, radix: 8)))",
                advice: "Run: chmod 600 \(path), or 640 if the group of the service reads it")
        }
        guard status.st_uid == 0 || status.st_uid == geteuid() else {
            close(file)
            throw Problem(
                what: "the secret file \(path) belongs to another user (uid \(status.st_uid))",
                advice: "Give it to the user of the service or to root: chown.")
        }
        return file
    }

    private static func words(_ errno: Int32) -> String { unsafe String(cString: strerror(errno)) }
}
