internal import Glibc

/// Whether output may be coloured, and how wide it may be.
///
/// Colour only on a terminal that knows it, and never with `NO_COLOR` set (no-color.org). When piped there is no
/// width either: what another program reads is never cut.
struct TerminalStyle: Sendable {
    /// What a colour means here. Never the only carrier of that meaning.
    enum Tone: String, Sendable {
        case good = "32"
        case warning = "33"
        case bad = "31"
        case faint = "2"
        case strong = "1"
    }

    let isColoured: Bool
    /// Columns; `nil` if there is no terminal, or it does not say.
    let width: Int?

    /// No colour and no limit: for pipes and tests.
    static let plain = TerminalStyle(isColoured: false, width: nil)

    init(isColoured: Bool, width: Int?) {
        self.isColoured = isColoured
        self.width = width
    }

    /// - Parameters:
    ///   - isTerminal: Whether the output is one.
    ///   - columns: What it says of its width; 0 is nothing.
    ///   - environment: Looks up a variable of the environment.
    init(isTerminal: Bool, columns: Int?, environment: (String) -> String?) {
        let noColour = environment("NO_COLOR").map { !$0.isEmpty } ?? false
        isColoured = isTerminal && !noColour && environment("TERM") != "dumb"
        width = isTerminal ? columns.flatMap { $0 > 0 ? $0 : nil } : nil
    }

    /// The style for a descriptor of this process, standard output by default.
    static func current(descriptor: Int32 = STDOUT_FILENO) -> TerminalStyle {
        var size = winsize()
        let knowsSize = ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0
        return TerminalStyle(
            isTerminal: isatty(descriptor) == 1, columns: knowsSize ? Int(size.ws_col) : nil,
            environment: { name in getenv(name).map { String(cString: $0) } })
    }

    /// True if standard output is a terminal.
    static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    func paint(_ text: String, _ tone: Tone?) -> String {
        guard isColoured, let tone, !text.isEmpty else { return text }
        return "\u{1B}[\(tone.rawValue)m\(text)\u{1B}[0m"
    }
}
