import ArgumentParser
import KoppelAgent

@main
struct Koppel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "koppel",
        abstract: "Reads machines over Modbus and brings every reading to MQTT, or says why it is missing.",
        version: koppelVersion,
        subcommands: [
            RunCommand.self,
            CheckCommand.self,
            ReadCommand.self,
            DecodeCommand.self,
            ProfileCommand.self,
            ConfigCommand.self,
            ScanCommand.self,
            DoctorCommand.self,
            ReportCommand.self,
            IdentifyCommand.self,
            SimulateCommand.self,
            JournalCommand.self,
            VerifyCommand.self,
            StatusCommand.self,
            RecordCommand.self,
            ReplayCommand.self,
            ExplainCommand.self,
            ShareCommand.self,
            AuditCommand.self,
            DemoCommand.self,
        ])
}
