internal import Foundation

/// The certificates of `certs.py`, made once and kept in the build folder.
package actor TestCertificates {
    private var making: Task<String, any Error>?

    package init() {}

    /// The folder with `ca.crt`, `server.crt`, `server.key` and the bad ones.
    package func folder() async throws -> String {
        if let making { return try await making.value }
        let task = Task {
            guard let programs = FaultPrograms.folder else {
                throw ChildProcessError(description: "the fault programs are not installed")
            }
            let folder = FaultPrograms.project + "/.build/test-certificates"
            // The last one that is made.
            if access("\(folder)/selfsigned.crt", R_OK) == 0 { return folder }
            _ = try await output(of: ["python3", "\(programs)/certs.py", folder])
            return folder
        }
        making = task
        return try await task.value
    }
}
