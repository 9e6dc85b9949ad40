package import KoppelCore
internal import KoppelModbus

/// Takes what goes over a bus out of the running agent (`koppel record`).
package struct BusRecording: Sendable {
    package struct Result: Sendable {
        /// The text of the transcript.
        package var text: String
        package var entries: Int
        /// Entries that the agent no longer had.
        package var lost: Int
        /// From the first entry to the last.
        package var length: Duration

        init(_ transcript: Transcript) {
            text = transcript.text
            entries = transcript.entries.count
            lost = transcript.lost
            length = transcript.entries.dropFirst().reduce(.zero) { $0 + $1.silence }
        }
    }

    private let client: LocalClient
    private let bus: Identifier

    package init(client: LocalClient, bus: Identifier) {
        self.client = client
        self.bus = bus
    }

    /// What the agent has kept.
    package func kept() throws(LocalClient.Failure) -> Result { Result(try client.frames(bus: bus).transcript) }

    /// What goes over the bus from now on, for so long; at most ``Transcript/mostEntries`` entries. Cancelling ends it
    /// early with what there is.
    package func next(_ length: Duration) async throws(LocalClient.Failure) -> Result {
        // Only the number matters: what was there before is not asked for.
        var (whole, next) = try client.frames(bus: bus, from: .max)
        let end = ContinuousClock.now + length
        repeat {
            // Often enough that no ring runs over in between: 16 KiB are 100 questions and answers.
            let pause = min(.milliseconds(500), end - .now)
            var isStopped = false
            do { try await ContinuousClock().sleep(for: max(.zero, pause)) } catch { isStopped = true }
            let part = try client.frames(bus: bus, from: next)
            next = part.next
            whole.append(part.transcript)
            if isStopped { break }
        } while ContinuousClock.now < end && whole.entries.count < Transcript.mostEntries
        return Result(whole)
    }
}
