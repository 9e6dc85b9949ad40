/// What went wrong on the way to an answer: which bus, which request, after how long, and what now.
package struct BusError: Error, Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// No whole answer within the response timeout.
        case timeout
        /// Nothing was asked: the answer to an earlier question may still come, and would look like this one's.
        case answerOutstanding
        /// Something came that is not an answer to this request; the sentence says what.
        case badFrame(BadFrame)
        /// The connection or the port is gone, or could not be opened.
        case linkDown(errno: Int32)
        /// Another program has the serial port open: its name and process id.
        case portInUse(by: String)
        /// The other side refused the connection (ECONNREFUSED), or took it and ended it before it answered anything.
        case refused
        /// The name does not resolve.
        case unknownHost
        /// The port or endpoint cannot be used at all; asking again does not help.
        case unusable(String)
    }

    package enum BadFrame: String, Hashable, Sendable {
        case checksum = "the checksum does not fit"
        case unit = "it comes from another unit"
        case function = "it answers another function code"
        case length = "its length does not fit the question"
        case header = "its MBAP header is not Modbus"
        case transaction = "it carries another transaction id"
        case several = "more than one answer came"
        case babble = "the line is never silent long enough to ask"
        /// Bytes come, and none of them ever was a frame.
        case unreadable = "nothing that came on this line so far is Modbus"
    }

    package var kind: Kind
    /// The name of the bus in the site file.
    package var bus: String
    /// The request under way; `nil` while opening.
    package var request: ReadRequest?
    package var elapsed: Duration

    package init(kind: Kind, bus: String, request: ReadRequest?, elapsed: Duration) {
        self.kind = kind
        self.bus = bus
        self.request = request
        self.elapsed = elapsed
    }

    /// What the poller does next.
    package enum Recovery: Hashable, Sendable {
        /// The link is fine; the next slot tries again.
        case nextSlot
        /// The link has to be opened anew, with back-off.
        case reopen
        /// A person has to change something.
        case giveUp
    }

    package var recovery: Recovery {
        switch kind {
        case .timeout, .answerOutstanding, .badFrame: .nextSlot
        case .linkDown, .portInUse, .refused, .unknownHost: .reopen
        case .unusable: .giveUp
        }
    }

    /// The quality rule of the readings this error stands for (data model 4.2, rows 4, 16, 19).
    package var condition: Condition {
        switch kind {
        case .timeout, .answerOutstanding, .linkDown, .portInUse, .unknownHost: .timeout
        case .refused: .connectionRefused
        case .badFrame: .frameError
        case .unusable: .configError
        }
    }
}

extension BusError: CustomStringConvertible {
    package var description: String {
        let place = request.map { ", \($0)" } ?? ""
        let milliseconds = Int((elapsed.inSeconds * 1_000).rounded())
        let what: String =
            switch kind {
            case .timeout:
                "no answer after \(milliseconds) ms. Check power, wiring, unit id and baud rate"
            case .answerOutstanding:
                "not asked: the answer to an earlier question may still come and would be taken for this one's. "
                    + "It is asked again by itself"
            case .badFrame(.unreadable):
                "the answer was refused after \(milliseconds) ms: \(BadFrame.unreadable.rawValue). "
                    + "Check baud rate, format and the two wires"
            case .badFrame(let why):
                "the answer was refused after \(milliseconds) ms: \(why.rawValue). "
                    + "Check for a second master or a noisy line"
            case .linkDown(let errno):
                "the link is down after \(milliseconds) ms (errno \(errno): \(Self.reason(errno))). "
                    + "It is opened again by itself"
            case .portInUse(let holder):
                "the port is in use by \(holder). Stop that program; the port is opened again by itself"
            case .refused:
                "connection refused, or ended without an answer, after \(milliseconds) ms. "
                    + "Check address and port, and whether another master holds the only connection"
            case .unknownHost:
                "the host name does not resolve, after \(milliseconds) ms. Check the url of the bus"
            case .unusable(let sentence):
                sentence
            }
        return "bus \(bus)\(place): \(what)"
    }

    /// Linux error numbers that a technician meets, in words with what to check.
    private static func reason(_ errno: Int32) -> String {
        switch errno {
        case 2: "the port does not exist: check the adapter and the path"
        case 5: "input/output error: check whether the adapter was pulled"
        case 13: "no permission: add the user to the group of the port, mostly dialout"
        case 16: "another program holds the port: stop it"
        case 24: "too many open descriptors: lower the number of buses"
        case 32, 104: "the device closed the connection"
        case 101, 113: "no route to the device: check address and cable"
        case 107: "not open"
        case 110: "no reply to connecting: check power, cable and address"
        case 125: "stopped"
        default: "see errno(3)"
        }
    }
}

extension ReadRequest: CustomStringConvertible {
    package var description: String {
        let end = Int(start) + Int(count) - 1
        return "unit \(unit.rawValue), function \(table.rawValue), \(table.name) \(start) to \(end)"
    }
}
