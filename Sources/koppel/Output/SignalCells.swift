internal import KoppelCore

/// The columns that `read` and `decode` share: value, unit, quality, reason.
enum SignalCells {
    static let columns: [TextTable.Column] = [.number("value"), .text("unit"), .text("quality"), .text("reason")]

    static func cells(_ decoded: Decoded, _ point: Point) -> [TextTable.Cell] {
        let quality = decoded.condition.quality
        let tone: TerminalStyle.Tone =
            switch quality {
            case .good: .good
            case .uncertain: .warning
            case .bad: .bad
            }
        return [
            .init(decoded.value.plainText(point.enumeration)), .init(point.unit?.ucum ?? ""),
            .init(quality.name, tone), .init(decoded.condition.reason ?? ""),
        ]
    }
}
