internal import ArgumentParser
internal import KoppelCore

/// Baud rates as the command line gives them: `9600,19200`.
struct RateList: ExpressibleByArgument {
    var rates: [Int]

    init?(argument: String) {
        let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
        rates = parts.compactMap { Int($0) }.filter { SerialLine.supportedBaudRates.contains($0) }
        guard rates.count == parts.count, rates.count <= 12 else { return nil }
    }
}

/// Serial formats as the command line gives them: `8N1,8E1`.
struct FormatList: ExpressibleByArgument {
    /// The baud rate in them means nothing.
    var formats: [SerialLine]

    init?(argument: String) {
        let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
        formats = parts.compactMap { part in
            let letters = Array(part)
            guard letters.count == 3, letters[0] == "8", let stopBits = letters[2].wholeNumberValue,
                let parity = SerialLine.Parity(rawValue: String(letters[1])), (1...2).contains(stopBits)
            else { return nil }
            return SerialLine(parity: parity, stopBits: stopBits)
        }
        guard formats.count == parts.count, formats.count <= 6 else { return nil }
    }
}

extension SerialLine {
    /// `9600 8E1`.
    var text: String { "\(baud) \(dataBits)\(parity.rawValue)\(stopBits)" }
}

extension BusEndpoint {
    /// The settings of a serial line; empty for others.
    var lineText: String {
        if case .rtu(_, let line) = self { line.text } else { "" }
    }
}
