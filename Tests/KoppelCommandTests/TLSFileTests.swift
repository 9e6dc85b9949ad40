import Foundation
import Subprocess
import Testing

/// TLS files that cannot be right stop a site file before anything runs.
@Suite(.timeLimit(.minutes(5)))
struct TLSFileTests {
    private static let site = """
        koppel: 1
        agent: {id: box-1, location: {enterprise: acme, site: hengelo}, data: FOLDER/data}
        destinations:
          hub:
            url: mqtts://hub.example
            tls: {ca: FOLDER/ca.pem, certificate: FOLDER/box.pem, key: {file: FOLDER/box.key}}
            share: all

        """

    @Test(arguments: ["check", "run"])
    func `T06, T11: a CA file without a CA and a key that is none end with 78, with their place in the file`(
        _ command: String
    ) async throws {
        let folder = try TemporaryFolder()
        let site = try folder.write(Self.site.replacing("FOLDER", with: folder.path), to: "koppel.yaml")
        for name in ["ca.pem", "box.pem", "box.key"] { _ = try folder.write("rubbish\n", to: name) }
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: "\(folder.path)/box.key")
        let outcome = try await Program.run(command, "--config", site)
        #expect(outcome.code == 78)
        let said = outcome.output + outcome.errors
        #expect(said.contains("koppel.yaml:4:3: error: destinations.hub.tls.ca: there is no certificate in"), "\(said)")
        #expect(said.contains("destinations.hub.tls.certificate"), "\(said)")
    }
}
