internal import ArgumentParser
internal import Foundation

/// Where a command writes: what was asked for to standard output, everything else to standard error.
enum Streams {
    /// Writes to standard output.
    ///
    /// - Throws: Exit code 74 if it cannot be written, for example because the reader of a pipe has gone.
    static func write(_ text: String) throws {
        do {
            try FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
        } catch {
            throw ExitStatus.inputOutput
        }
    }

    /// Writes a sentence for a person to standard error.
    static func tell(_ sentence: String, terminator: String = "\n") {
        do {
            try FileHandle.standardError.write(contentsOf: Data("\(sentence)\(terminator)".utf8))
        } catch {
            // There is nobody left to tell.
        }
    }

    /// Writes what went wrong to standard error.
    static func complain(_ sentence: String) { tell("koppel: \(sentence)") }
}

/// The exit codes of the command-line contract, besides 0. The argument parser gives 64, too.
enum ExitStatus {
    /// The answer is no: a check or a read failed.
    static let no = ExitCode(1)
    /// Something that only a person can say is missing.
    static let usage = ExitCode(64)
    static let unavailable = ExitCode(69)
    static let inputOutput = ExitCode(74)
    static let configuration = ExitCode(78)
}
