internal import Foundation
internal import KoppelCore

/// Times as the data model writes them, with nine fraction digits and `Z`.
extension Timestamp {
    var fullText: String {
        var seconds = nanoseconds / 1_000_000_000
        var fraction = nanoseconds % 1_000_000_000
        if fraction < 0 { (seconds, fraction) = (seconds - 1, fraction + 1_000_000_000) }
        var moment = time_t(seconds)
        var parts = tm()
        gmtime_r(&moment, &parts)
        func padded(_ number: Int, _ width: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
        }
        return "\(padded(Int(parts.tm_year) + 1_900, 4))-\(padded(Int(parts.tm_mon) + 1, 2))-"
            + "\(padded(Int(parts.tm_mday), 2))T\(padded(Int(parts.tm_hour), 2)):\(padded(Int(parts.tm_min), 2)):"
            + "\(padded(Int(parts.tm_sec), 2)).\(padded(Int(fraction), 9))Z"
    }

    /// `nil` unless it is `2026-03-02T08:15:30Z`, with up to nine fraction digits or none.
    init?(fullText text: String) {
        guard text.hasSuffix("Z") else { return nil }
        let halves = text.dropLast().split(separator: ".", omittingEmptySubsequences: false)
        let digits = halves.count == 2 ? halves[1] : ""
        guard halves.count <= 2, digits.utf8.count <= 9, digits.utf8.allSatisfy({ (48...57).contains($0) }) else {
            return nil
        }
        // A text that is no time is an answer, and the caller says which text.
        guard let date = try? Date.ISO8601FormatStyle().parse("\(halves[0])Z"),
            (-9_214_560_000..<9_214_646_400).contains(date.timeIntervalSince1970)
        else { return nil }
        let fraction = Int64(digits + String(repeating: "0", count: 9 - digits.utf8.count)) ?? 0
        self.init(nanoseconds: Int64(date.timeIntervalSince1970) * 1_000_000_000 + fraction)
    }
}
