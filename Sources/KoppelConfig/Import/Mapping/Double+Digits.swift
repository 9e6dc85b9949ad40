internal import Foundation

extension Double {
    /// Rounded to 12 digits, so that 0.1 times 3 is 0.3.
    var tidy: Double { isFinite ? Double(String(format: "%.12g", self)) ?? self : self }

    /// As a file writes it: `1`, `0.1`, `1e-07`.
    var fileText: String {
        let text = String(describing: self)
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}
