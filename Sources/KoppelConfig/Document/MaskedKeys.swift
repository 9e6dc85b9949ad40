/// A document in which repeated keys were given a first letter of their own, so that the parser goes on after them.
///
/// One letter takes the place of one letter, so every place in the text stays where it was. At most 16 keys of a
/// text of at most 256 KiB, since each costs one more parse; private-use letters stand for the masked ones.
struct MaskedKeys {
    private(set) var text: String
    private var originals: [Unicode.Scalar: Unicode.Scalar] = [:]
    private let isAllowed: Bool

    init(text: String) {
        self.text = text
        isAllowed =
            text.utf8.count <= 256 << 10 && !text.unicodeScalars.contains { (0xE000...0xE00F).contains($0.value) }
    }

    /// Masks the key that starts here; false if that is not possible.
    mutating func mask(at position: SourcePosition) -> Bool {
        guard isAllowed, originals.count < 16, let mask = Unicode.Scalar(0xE000 + UInt32(originals.count)) else {
            return false
        }
        var scalars = Array(text.unicodeScalars)
        guard var index = index(of: position, in: scalars) else { return false }
        if scalars[index] == "\"" || scalars[index] == "'" { index += 1 }
        guard index < scalars.count,
            scalars[index].properties.isAlphabetic || scalars[index].properties.numericType != nil
        else { return false }
        originals[mask] = scalars[index]
        scalars[index] = mask
        var masked = String.UnicodeScalarView()
        masked.append(contentsOf: scalars)
        text = String(masked)
        return true
    }

    /// The key as it stood in the file.
    func unmasked(_ key: String) -> String {
        guard let first = key.unicodeScalars.first, let original = originals[first] else { return key }
        var scalars = key.unicodeScalars
        scalars.removeFirst()
        return String(Character(original)) + String(scalars)
    }

    private func index(of position: SourcePosition, in scalars: [Unicode.Scalar]) -> Int? {
        var line = 1
        var lineStart = 0
        for (index, scalar) in scalars.enumerated() where line < position.line && scalar == "\n" {
            line += 1
            lineStart = index + 1
        }
        let index = lineStart + position.column - 1
        return line == position.line && index < scalars.count ? index : nil
    }
}
