internal import Foundation
internal import Glibc
internal import KoppelConfig
internal import KoppelCore
internal import KoppelModbus

/// Asks the agent that runs on a data folder. Blocks for at most ``patience`` at each step.
package struct LocalClient: Sendable {
    /// The agent answers within 2 s; while it serves four others, a little later.
    private static let patience = Duration.seconds(5)
    /// The most an answer may take: the largest ring as text is a fifth of it.
    private static let longestAnswer = 16 << 20

    private let socket: LocalSocket

    package init(dataFolder: String) { socket = LocalSocket(dataFolder: dataFolder) }

    package enum Failure: Error, Sendable, CustomStringConvertible {
        case socket(LocalSocket.Failure)
        /// It did not answer, or with something that is no answer.
        case noAnswer(String)
        /// It answered that it cannot.
        case refused(String)

        package var description: String {
            switch self {
            case .socket(let failure): failure.description
            case .noAnswer(let path):
                "the agent at \(path) does not answer. Look at its log with `journalctl -u koppel`"
            case .refused(let sentence): sentence
            }
        }
    }

    /// - Throws: ``Failure`` if no agent runs or it does not answer.
    package func status() throws(Failure) -> StatusDocument {
        guard let status = try ask(.status).status else { throw .noAnswer(socket.path) }
        return status
    }

    /// What went over a bus from this frame on, and the number to ask from next.
    func frames(
        bus: Identifier, from number: UInt64 = 0
    ) throws(Failure) -> (transcript: Transcript, next: UInt64) {
        guard let frames = try ask(.frames(bus: bus, from: number)).frames else { throw .noAnswer(socket.path) }
        do throws(TranscriptError) {
            return (try Transcript(text: frames.transcript), frames.next)
        } catch {
            throw .noAnswer(socket.path)
        }
    }

    private func ask(_ request: LocalRequest) throws(Failure) -> LocalAnswer {
        let descriptor: Int32
        do throws(LocalSocket.Failure) {
            descriptor = try socket.connect(timeout: Self.patience)
        } catch {
            throw .socket(error)
        }
        defer { close(descriptor) }
        let line = Array("\(request.line)\n".utf8)
        guard send(descriptor, line, line.count, Int32(MSG_NOSIGNAL)) == line.count else {
            throw .noAnswer(socket.path)
        }
        let answer: LocalAnswer
        do {
            answer = try JSONDecoder().decode(LocalAnswer.self, from: try receive(descriptor))
        } catch {
            throw .noAnswer(socket.path)
        }
        if let error = answer.error { throw .refused(error) }
        return answer
    }

    private func receive(_ descriptor: Int32) throws(Failure) -> Data {
        var answer = Data()
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while answer.count < Self.longestAnswer {
            let count = read(descriptor, &buffer, buffer.count)
            if count == 0 { return answer }
            if count < 0 {
                if errno == EINTR { continue }
                break
            }
            answer.append(contentsOf: buffer.prefix(count))
        }
        throw .noAnswer(socket.path)
    }
}
