internal import ArgumentParser
internal import KoppelAgent
internal import KoppelConfig
internal import KoppelCore

/// Where device profiles are looked up.
struct ProfileOptions: ParsableArguments {
    @Option(
        name: .customLong("profiles"),
        help: ArgumentHelp(
            "A folder with VENDOR/MODEL.yaml, looked in before the library that came with the program. Repeatable.",
            valueName: "folder"))
    var folders: [String] = []

    /// The folders named, else those of the site file, else /etc/koppel/devices; the shipped library comes last.
    var library: ProfileLibrary {
        let files = DiskFiles()
        let shipped = ShippedProfiles.folder(files: files)
        guard !folders.isEmpty else { return ProfileLibrary(shipped: shipped, files: files) }
        var library = ProfileLibrary(folders: folders, shipped: shipped, files: files)
        library.foldersAreFixed = true
        return library
    }

    /// Loads a profile by id or path.
    ///
    /// - Throws: Exit code 78 after telling every issue.
    func load(_ idOrPath: String) throws -> LoadedProfile {
        let load = library.load(idOrPath)
        Streams.tell(issues: load.issues)
        guard let profile = load.profile else { throw ExitStatus.configuration }
        return LoadedProfile(profile: profile, path: library.path(of: idOrPath) ?? idOrPath)
    }
}

extension ProfileOptions {
    /// What tells each device of the library from others.
    func fits() -> [ProfileFit] {
        library.list().compactMap { entry in
            // A profile with an error is told by `koppel profile check`; here it just cannot fit.
            loadProfile(at: entry.path, files: DiskFiles()).profile.map { ProfileFit(profile: entry.id, $0) }
        }
    }
}
