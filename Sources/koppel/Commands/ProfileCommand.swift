internal import ArgumentParser

/// The device library.
struct ProfileCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "profile",
        abstract:
            "Lists, shows, checks, exports, imports and makes device profiles.",
        subcommands: [
            ProfileList.self, ProfileShow.self, ProfileCheck.self, ProfileExport.self, ProfileImport.self,
            ProfileNew.self, ProfileSchemaCommand.self,
        ])
}
