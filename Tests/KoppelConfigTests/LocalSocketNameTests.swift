import KoppelConfig
import KoppelCore
import Testing

/// The path of the agent's local socket, which Linux keeps short.
struct LocalSocketNameTests {
    private func load(data: String) -> SiteLoad {
        let text = """
            koppel: 1
            agent:
              id: box-1
              location: {enterprise: acme, site: hengelo}
              data: \(data)
            """
        let files = MemoryFiles(contents: ["/etc/site.yaml": text])
        return loadSite(at: "/etc/site.yaml", library: ProfileLibrary(shipped: nil, files: files), files: files)
    }

    @Test func `a data folder whose socket would have too long a path is told with its line, and still works`() throws {
        let fits = "/" + String(repeating: "a", count: 94)
        #expect(LocalSocketName.fits(folder: fits))
        #expect(load(data: fits).issues == [])
        let load = load(data: fits + "b")
        #expect(load.site?.agent.dataFolder == fits + "b")
        let issue = try #require(load.issues.first)
        #expect(issue.severity == .warning)
        #expect(issue.line == 5)
        #expect(issue.path == "agent.data")
        #expect(issue.sentence.contains("too long for a socket"))
        #expect(issue.hint == "Choose a folder of at most 95 bytes.")
    }
}
