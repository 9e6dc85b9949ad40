internal import KoppelCore
internal import Logging

/// What is heard on a serial line for the first time since polling began: one log line for each kind, and no more of it
/// (field rule P85). How much it was stands in the status.
struct LineNews {
    private var hasForeignFrames = false
    private var hasEcho = false

    mutating func tell(_ heard: LinkCounters, bus: Identifier) {
        if heard.foreignFrames > 0, !hasForeignFrames {
            hasForeignFrames = true
            Logger.current.warning(
                """
                Frames are on the line that are no question and no answer of ours: a second master is suspected, or a \
                unit that answers to a wrong unit id. Only one master may be on a line; none of their values are taken
                """, metadata: ["bus": "\(bus)", "frames": "\(heard.foreignFrames)"])
        }
        if heard.echoes > 0, !hasEcho {
            hasEcho = true
            Logger.current.notice(
                """
                The adapter hears our own questions (local echo); they are taken out of what is received. Switch its \
                echo off if it can be
                """, metadata: ["bus": "\(bus)"])
        }
    }
}
