internal import KoppelCore

// The text of a transcript: a header of `# key value` lines, then one line for each entry. Devices/README.md has it
// for people.

extension Transcript {
    static let title = "# koppel transcript 1"

    /// The text, one line each. ``init(text:)`` reads it back to an equal value.
    package var text: String {
        var lines = [
            Self.title, "# bus \(bus)", "# url \(url)", "# framing \(framingText)",
            "# timeout \(Self.milliseconds(timeout))", "# begin \(begin.isoText)", "# by koppel \(version)",
        ]
        if lost > 0 { lines.append("# lost \(lost) earlier lines") }
        var time = begin
        for entry in entries {
            if entry.silence > .zero { lines.append("-- \(Self.milliseconds(entry.silence)) silence") }
            time = time.advanced(by: entry.silence)
            switch entry.event {
            // When it was asked is what a person looks for.
            case .sent(let bytes): lines.append(">> \(Self.hex(bytes))   # \(time.isoText.dropFirst(11).dropLast())")
            case .received(let bytes): lines.append("<< \(Self.hex(bytes))")
            case .opened: lines.append("-- opened")
            case .closed: lines.append("-- closed")
            case .failed(let why): lines.append("-- failed: \(why)")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private var framingText: String {
        switch framing {
        case .tcp: "tcp"
        case .rtu(let line): "rtu \(line.baud) \(line.format)"
        }
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) }.joined(separator: " ")
    }

    /// `300 ms`, to the microsecond: `12.345 ms`.
    static func milliseconds(_ duration: Duration) -> String {
        let microseconds = duration.wholeNanoseconds / 1_000
        let (whole, rest) = microseconds.quotientAndRemainder(dividingBy: 1_000)
        guard rest != 0 else { return "\(whole) ms" }
        var digits = String(1_000 + rest).dropFirst()
        while digits.last == "0" { digits.removeLast() }
        return "\(whole).\(digits) ms"
    }
}

/// Why a text is no transcript, and where.
package struct TranscriptError: Error, Hashable, Sendable, CustomStringConvertible {
    /// From 1.
    package var line: Int
    package var sentence: String

    package var description: String { "line \(line): \(sentence)" }
}

extension Transcript {
    /// Reads a text. Lines that are empty or begin with `#` after the header mean nothing, so a person may write between
    /// them; so does what follows a `#` in a line.
    ///
    /// - Throws: ``TranscriptError`` at the first line that cannot be read.
    package init(text: String) throws(TranscriptError) {
        self.init(
            bus: "unknown", url: "unknown", framing: .tcp, timeout: .seconds(1), version: "unknown",
            begin: Timestamp(nanoseconds: 0))
        var silence = Duration.zero
        var hasFraming = false
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            func fault(_ sentence: String) -> TranscriptError { TranscriptError(line: index + 1, sentence: sentence) }
            if index == 0 {
                guard line.trimmed == Self.title else {
                    throw fault("this is no transcript: it begins with `\(Self.title)`")
                }
                continue
            }
            if line.hasPrefix("#") {
                if entries.isEmpty, try take(header: line.dropFirst().trimmed, fault) { hasFraming = true }
                continue
            }
            let body = line.prefix { $0 != "#" }.trimmed
            if body.isEmpty { continue }
            if let pause = Self.silence(body) {
                silence += pause
                continue
            }
            guard let event = Self.event(body) else {
                throw fault(
                    "`\(body.prefix(40))` is none of `>> 01 03`, `<< 01 83`, `-- 300 ms silence`, `-- opened`, "
                        + "`-- closed` and `-- failed: why`")
            }
            guard hasFraming else { throw fault("the header lacks `# framing tcp` or `# framing rtu 9600 8E1`") }
            guard entries.count < Self.mostEntries else { throw fault("more than \(Self.mostEntries) entries") }
            entries.append(Entry(silence: silence, event: event))
            silence = .zero
        }
    }

    /// - Returns: True if the line says how frames are made.
    private mutating func take(
        header: Substring, _ fault: (String) -> TranscriptError
    ) throws(TranscriptError) -> Bool {
        let words = header.split(separator: " ", maxSplits: 1)
        guard words.count == 2 else { return false }
        let value = words[1].trimmed
        switch words[0] {
        case "bus": bus = String(value)
        case "url": url = String(value)
        case "timeout":
            guard let timeout = Self.duration(value), timeout > .zero else {
                throw fault("`\(value)` is no response timeout, for example 1000 ms")
            }
            self.timeout = timeout
        case "begin":
            guard let begin = Timestamp(isoText: value) else {
                throw fault("`\(value)` is no moment, for example 2026-05-01T08:00:00.000000Z")
            }
            self.begin = begin
        case "by": version = String(value.split(separator: " ").last ?? value)
        case "lost": lost = value.split(separator: " ").first.flatMap { Int($0) } ?? 0
        case "framing":
            guard let framing = Self.framing(value) else {
                throw fault("`\(value)` is no framing: tcp, or rtu 9600 8E1")
            }
            self.framing = framing
            return true
        default: break  // a remark of a person
        }
        return false
    }

    private static func framing(_ text: Substring) -> Framing? {
        let words = text.split(separator: " ")
        if words == ["tcp"] { return .tcp }
        guard words.count == 3, words[0] == "rtu", let baud = Int(words[1]), (50...10_000_000).contains(baud) else {
            return nil
        }
        let format = Array(words[2])
        guard format.count == 3, let dataBits = format[0].wholeNumberValue, (7...8).contains(dataBits),
            let parity = SerialLine.Parity(rawValue: String(format[1])), let stopBits = format[2].wholeNumberValue,
            (1...2).contains(stopBits)
        else { return nil }
        return .rtu(SerialLine(baud: baud, dataBits: dataBits, parity: parity, stopBits: stopBits))
    }

    private static func silence(_ body: Substring) -> Duration? {
        guard body.hasPrefix("-- "), body.hasSuffix(" silence") else { return nil }
        return duration(body.dropFirst(3).dropLast(8).trimmed)
    }

    /// At most a year, to the microsecond.
    private static func duration(_ text: Substring) -> Duration? {
        guard text.hasSuffix(" ms") else { return nil }
        let parts = text.dropLast(3).split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let whole = Int64(parts[0]), (0...31_536_000_000).contains(whole) else {
            return nil
        }
        guard parts.count == 2 else { return .milliseconds(whole) }
        guard (1...3).contains(parts[1].count),
            let rest = Int64(parts[1] + String(repeating: "0", count: 3 - parts[1].count)),
            rest >= 0
        else { return nil }
        return .microseconds(whole * 1_000 + rest)
    }

    private static func event(_ body: Substring) -> Event? {
        if body == "-- opened" { return .opened }
        if body == "-- closed" { return .closed }
        if body.hasPrefix("-- failed: ") { return .failed(String(body.dropFirst(11))) }
        guard body.hasPrefix(">> ") || body.hasPrefix("<< ") else { return nil }
        var bytes: [UInt8] = []
        for word in body.dropFirst(3).split(separator: " ") {
            guard word.count == 2, let byte = UInt8(word, radix: 16), bytes.count < 1_024 else { return nil }
            bytes.append(byte)
        }
        guard !bytes.isEmpty else { return nil }
        return body.hasPrefix(">> ") ? .sent(bytes) : .received(bytes)
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        var rest = self
        while let first = rest.first, first == " " || first == "\r" || first == "\t" { rest.removeFirst() }
        while let last = rest.last, last == " " || last == "\r" || last == "\t" { rest.removeLast() }
        return rest
    }
}
