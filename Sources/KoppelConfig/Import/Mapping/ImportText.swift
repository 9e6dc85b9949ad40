internal import Foundation

/// The bytes of a file of another program as text.
enum ImportText {
    static func utf8(_ bytes: [UInt8]) -> Result<String, SyntaxFault> {
        if let fault = refusal(bytes) { return .failure(fault) }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            return .failure(
                SyntaxFault(position: .start, sentence: "the file is not UTF-8 text", hint: "Save it as UTF-8."))
        }
        return .success(text)
    }

    /// UTF-8, or else the characters of Windows for Western Europe, of which Latin-1 is the greater part.
    static func spreadsheet(_ bytes: [UInt8]) -> Result<(text: String, encoding: String), SyntaxFault> {
        if let fault = refusal(bytes) { return .failure(fault) }
        if let text = String(validating: bytes, as: UTF8.self) { return .success((text, "UTF-8")) }
        if let text = String(data: Data(bytes), encoding: .windowsCP1252) {
            return .success((text, "Latin-1 (Windows-1252)"))
        }
        return .failure(
            SyntaxFault(
                position: .start, sentence: "the file is neither UTF-8 nor Latin-1 text",
                hint: "Save it as \"CSV UTF-8\"."))
    }

    private static func refusal(_ bytes: [UInt8]) -> SyntaxFault? {
        if bytes.count > DocumentLimits.bytes {
            return SyntaxFault(position: .start, sentence: "the file is larger than 4 MiB")
        }
        if bytes.starts(with: [0x50, 0x4B, 0x03, 0x04]) || bytes.starts(with: [0xD0, 0xCF, 0x11, 0xE0]) {
            return SyntaxFault(
                position: .start, sentence: "this is a workbook, not a text", hint: "Save the sheet as CSV first.")
        }
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
            return SyntaxFault(position: .start, sentence: "the file is UTF-16 text", hint: "Save it as UTF-8.")
        }
        if bytes.contains(0) {
            return SyntaxFault(position: .start, sentence: "the file holds zero bytes, so it is no text")
        }
        return nil
    }
}
