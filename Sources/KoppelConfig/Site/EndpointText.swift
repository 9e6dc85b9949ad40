/// The parts of `scheme://host:port?query`, taken apart without deciding what they mean.
struct EndpointText {
    var scheme: String
    /// True if something stands before an @: a login has no place in a URL.
    var hasCredentials: Bool
    /// A name, an IPv4 address, or an IPv6 address without its brackets; lower case.
    var host: String
    /// The text after the last colon; `nil` if there is none.
    var port: String?
    /// What follows the host and port: path and query.
    var rest: String

    /// `nil` if there is no `scheme://`.
    init?(_ text: String) {
        guard let separator = text.firstRange(ofText: "://") else { return nil }
        scheme = String(text[..<separator.lowerBound])
        var authority = text[separator.upperBound...]
        if let end = authority.firstIndex(where: { $0 == "/" || $0 == "?" || $0 == "#" }) {
            rest = String(authority[end...])
            authority = authority[..<end]
        } else {
            rest = ""
        }
        hasCredentials = authority.contains("@")
        if let at = authority.lastIndex(of: "@") { authority = authority[authority.index(after: at)...] }
        if authority.first == "[", let close = authority.firstIndex(of: "]") {
            host = authority[authority.index(after: authority.startIndex)..<close].lowercased()
            let after = authority[authority.index(after: close)...]
            port = after.isEmpty ? nil : String(after.dropFirst())
        } else if let colon = authority.lastIndex(of: ":") {
            host = authority[..<colon].lowercased()
            port = String(authority[authority.index(after: colon)...])
        } else {
            host = authority.lowercased()
        }
    }

    /// True if the host is a name or address: letters, digits, dots and hyphens, or colons of IPv6; at most 253.
    var hasPlainHost: Bool {
        (1...253).contains(host.utf8.count)
            && host.utf8.allSatisfy { isLetterOrDigit($0) || [45, 46, 58, 95].contains($0) }
    }
}

extension String {
    fileprivate func firstRange(ofText text: String) -> Range<String.Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
            formIndex(after: &start)
        }
        return nil
    }
}

extension Field {
    /// A port as it stands in a URL.
    func port(_ text: String) -> UInt16? {
        guard let port = UInt16(text), port > 0 else {
            error("`\(text)` is no port", hint: "1 to 65535.")
            return nil
        }
        return port
    }
}
