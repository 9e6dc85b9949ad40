package import KoppelCore

/// What went over one bus and when, as a person can read it and a test can replay it.
///
/// Times are whole microseconds. It holds no secret: the URL of a bus has none.
package struct Transcript: Hashable, Sendable {
    /// How bytes on the bus are framed.
    package enum Framing: Hashable, Sendable {
        /// MBAP frames inside TCP.
        case tcp
        /// RTU frames with checksum, on a serial line or inside TCP; the line if its settings are known.
        case rtu(SerialLine)
    }

    package enum Event: Hashable, Sendable {
        /// One whole request.
        case sent([UInt8])
        /// What one read gave: mostly an answer, but also part of one, several, or noise.
        case received([UInt8])
        case opened
        case closed
        /// A question or the opening ended without an answer; why, in a few words.
        case failed(String)
    }

    package struct Entry: Hashable, Sendable {
        /// The silence since the entry before, whole microseconds, not negative.
        package var silence: Duration
        package var event: Event

        package init(silence: Duration, event: Event) {
            self.silence = silence
            self.event = event
        }
    }

    /// The most entries of a transcript that is read from a file.
    package static let mostEntries = 1_000_000

    /// The name of the bus in the site file.
    package var bus: String
    /// Where the bus is, for people.
    package var url: String
    package var framing: Framing
    /// The response timeout of the bus.
    package var timeout: Duration
    /// The version of the program that recorded it.
    package var version: String
    /// When the first entry happened on the wall clock, whole microseconds.
    package var begin: Timestamp
    /// Entries that were forgotten before the first one, since the ring is bounded.
    package var lost: Int
    package var entries: [Entry]

    package init(
        bus: String, url: String, framing: Framing, timeout: Duration, version: String, begin: Timestamp,
        lost: Int = 0, entries: [Entry] = []
    ) {
        self.bus = bus
        self.url = url
        self.framing = framing
        self.timeout = timeout
        self.version = version
        self.begin = begin
        self.lost = lost
        self.entries = entries
    }

    /// An empty transcript of a bus.
    package init(of bus: BusSettings, version: String, begin: Timestamp) {
        let (url, framing): (String, Framing) =
            switch bus.endpoint {
            case .tcp(let host, let port): ("tcp://\(host):\(port)", .tcp)
            case .rtu(let device, let line):
                ("rtu:\(device)?baud=\(line.baud)&format=\(line.format)", .rtu(line))
            case .rtuOverTCP(let host, let port, let line):
                ("rtu+tcp://\(host):\(port)?baud=\(line.baud)&format=\(line.format)", .rtu(line))
            }
        self.init(
            bus: bus.id.description, url: url, framing: framing, timeout: bus.timeout, version: version, begin: begin)
    }

    /// The bytes of an entry that was sent by a master, read as the request it is; `nil` for any other entry, and for
    /// bytes that ask for nothing.
    package func request(_ event: Event) -> ReadRequest? {
        guard case .sent(let bytes) = event else { return nil }
        switch framing {
        case .tcp:
            guard bytes.count == 12 else { return nil }
            return RequestPDU.read(unit: bytes[6], pdu: bytes.span.extracting(7..<12))
        case .rtu:
            guard bytes.count == 8 else { return nil }
            return RequestPDU.read(unit: bytes[0], pdu: bytes.span.extracting(1..<6))
        }
    }
}

extension SerialLine {
    /// Data bits, parity and stop bits as they are written: `8E1`.
    package var format: String { "\(dataBits)\(parity.rawValue)\(stopBits)" }
}

extension Transcript {
    /// Appends what was taken from the same bus later.
    package mutating func append(_ later: Transcript) {
        guard let first = later.entries.first else { return }
        lost += later.lost
        guard !entries.isEmpty else {
            begin = later.begin
            entries = later.entries
            return
        }
        let length = entries.dropFirst().reduce(Duration.zero) { $0 + $1.silence }
        let between = later.begin.nanoseconds - begin.advanced(by: length).nanoseconds
        entries.append(Entry(silence: .microseconds(max(0, between / 1_000)), event: first.event))
        entries += later.entries.dropFirst()
    }
}
