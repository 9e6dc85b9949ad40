internal import ArgumentParser
internal import Foundation
internal import Glibc

/// Questions to a person at a terminal, or to a file with one answer in each line.
///
/// A person is asked again after an answer that cannot be; from a file it ends the command. An empty line takes what
/// stands in brackets.
struct Dialogue {
    private let next: () -> String?
    private let isPatient: Bool
    private let show: (String) -> Void
    private var number = 0

    /// At a terminal.
    static var terminal: Dialogue {
        Dialogue(isPatient: true, show: { Streams.tell($0, terminator: "") }, next: { Swift.readLine() })
    }

    /// True if somebody sits at the other end of standard input.
    static var hasTerminal: Bool { isatty(STDIN_FILENO) == 1 }

    init(isPatient: Bool, show: @escaping (String) -> Void, next: @escaping () -> String?) {
        self.isPatient = isPatient
        self.show = show
        self.next = next
    }

    /// Answers that stand ready, one in each line.
    init(answers: String) {
        var lines = answers.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)[...]
        if lines.last == "" { lines = lines.dropLast() }
        self.init(isPatient: false, show: { _ in }) { lines.popFirst() }
    }

    /// Says something between two questions.
    func tell(_ sentence: String) { show(sentence + "\n") }

    /// Why an answer cannot be, in a sentence.
    struct Refusal: Error {
        var sentence: String
    }

    /// Asks until there is an answer that can be.
    ///
    /// - Throws: Exit code 64 if there are no more answers, or one from a file cannot be.
    mutating func ask<Value>(
        _ question: String, or proposal: String? = nil, accept: (String) throws(Refusal) -> Value
    ) throws -> Value {
        while true {
            show(question + (proposal.map { $0.isEmpty ? "" : " [\($0)]" } ?? "") + ": ")
            number += 1
            guard let line = next() else {
                Streams.complain("there is no answer \(number): \(question)")
                throw ExitStatus.usage
            }
            let trimmed = line.trimmingCharacters(in: .whitespaces)
            do throws(Refusal) {
                return try accept(trimmed.isEmpty ? proposal ?? "" : trimmed)
            } catch {
                guard isPatient else {
                    Streams.complain("answer \(number), `\(trimmed)`, to \"\(question)\": \(error.sentence)")
                    throw ExitStatus.usage
                }
                show("  \(error.sentence)\n")
            }
        }
    }

    /// Asks for one of a few words.
    mutating func choose<Choice: RawRepresentable<String>>(
        _ question: String, of choices: [Choice], or proposal: Choice? = nil
    ) throws -> Choice {
        let names = choices.map(\.rawValue).joined(separator: ", ")
        return try ask("\(question) (\(names))", or: proposal?.rawValue) { answer throws(Refusal) in
            guard let choice = choices.first(where: { $0.rawValue == answer }) else {
                throw Refusal(sentence: "one of \(names)")
            }
            return choice
        }
    }
}
