/// Writes HTML in which no text of a device or file can be anything but text (faults D10, X10).
enum HTMLText {
    /// For text and for attribute values in quotes. Characters that steer a terminal or turn the writing are shown as
    /// replacement characters.
    static func escaped(_ text: String) -> String {
        var result = ""
        for character in DisplayWidth.harmless(text).unicodeScalars {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }

    /// An element whose content is text.
    static func text(_ name: String, _ content: String, style: String? = nil) -> String {
        element(name, escaped(content), style: style)
    }

    /// An element whose content is HTML already.
    static func element(_ name: String, _ content: String, style: String? = nil) -> String {
        "<\(name)\(style.map { " class=\"\(escaped($0))\"" } ?? "")>\(content)</\(name)>"
    }

    /// A table cell: its text, and its class.
    struct Cell {
        var text: String
        var style: String?

        init(_ text: String, _ style: String? = nil) {
            self.text = text
            self.style = style
        }
    }

    /// A table whose titles repeat on each page.
    static func table(_ titles: [Cell], _ rows: [[Cell]], style: String? = nil) -> String {
        let head = titles.map { text("th", $0.text, style: $0.style) }.joined()
        let body = rows.map { element("tr", $0.map { text("td", $0.text, style: $0.style) }.joined()) }
        return element(
            "table",
            element("thead", element("tr", head)) + "\n" + element("tbody", body.joined(separator: "\n")),
            style: style) + "\n"
    }
}
