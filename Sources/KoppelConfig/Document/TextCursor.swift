/// Why a text cannot be read: where, what, and what to do. Reading ends at the first one.
struct SyntaxFault: Error, Hashable {
    var position: SourcePosition
    var sentence: String
    var hint: String?
}

/// A place in a text that moves on byte by byte and knows its line and column.
struct TextCursor {
    private let bytes: [UInt8]
    private var index = 0
    private(set) var position = SourcePosition.start

    init(_ text: String) {
        bytes = Array(text.utf8)
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { index = 3 }
    }

    var isAtEnd: Bool { index >= bytes.count }

    /// The byte here, or a few further on; `nil` behind the end.
    func peek(_ offset: Int = 0) -> UInt8? {
        index + offset < bytes.count ? bytes[index + offset] : nil
    }

    func isAt(_ text: String) -> Bool { bytes[index...].starts(with: text.utf8) }

    @discardableResult
    mutating func take() -> UInt8? {
        guard index < bytes.count else { return nil }
        let byte = bytes[index]
        index += 1
        if byte == UInt8(ascii: "\n") {
            position = SourcePosition(line: position.line + 1, column: 1)
        } else if byte & 0xC0 != 0x80 {
            position.column += 1
        }
        return byte
    }

    /// Moves over a text if it stands here.
    mutating func skip(_ text: String) -> Bool {
        guard isAt(text) else { return false }
        for _ in text.utf8 { take() }
        return true
    }

    /// The bytes up to the first one that does not fit, as text.
    mutating func take(while fits: (UInt8) -> Bool) -> String {
        let start = index
        while let byte = peek(), fits(byte) { take() }
        return String(decoding: bytes[start..<index], as: UTF8.self)
    }

    func fault(_ sentence: String, hint: String? = nil) -> SyntaxFault {
        SyntaxFault(position: position, sentence: sentence, hint: hint)
    }

    /// The character of an escape of one letter, such as `n`, in TOML and in JSON.
    static func escape(_ letter: UInt8?) -> String? {
        switch letter {
        case UInt8(ascii: "n"): "\n"
        case UInt8(ascii: "t"): "\t"
        case UInt8(ascii: "r"): "\r"
        case UInt8(ascii: "b"): "\u{8}"
        case UInt8(ascii: "f"): "\u{C}"
        case UInt8(ascii: "\""): "\""
        case UInt8(ascii: "\\"): "\\"
        default: nil
        }
    }

    /// The character of `\uXXXX` or `\UXXXXXXXX`, of which the digits come next.
    mutating func takeScalar(digits: Int) throws(SyntaxFault) -> UInt32 {
        var number: UInt32 = 0
        for _ in 0..<digits {
            guard let byte = peek(), let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw fault("\(digits) hexadecimal digits belong here")
            }
            number = number << 4 | UInt32(digit)
            take()
        }
        return number
    }
}
