/// Text in registers, by layout (field rule P49). The layout alone says where a character lies; byte and word order are
/// for numbers.
extension WireType.StringLayout {
    /// The text up to the first NUL, without trailing blanks; `nil` if it is not UTF-8, which includes ASCII, or if
    /// a register of ``onePerRegister`` holds more than one byte.
    func text(_ words: Span<UInt16>, at offset: Int, registers: Int) -> String? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(2 * registers)
        for index in offset..<offset + registers {
            let high = UInt8(words[index] >> 8)
            let low = UInt8(truncatingIfNeeded: words[index])
            switch self {
            case .highByteFirst: bytes += [high, low]
            case .lowByteFirst: bytes += [low, high]
            case .onePerRegister:
                guard high == 0 else { return nil }
                bytes.append(low)
            }
        }
        var text = bytes.prefix { $0 != 0 }
        while text.last == UInt8(ascii: " ") { text.removeLast() }
        return String(validating: text, as: UTF8.self)
    }

    /// The words of a text, filled up with NUL to exactly `registers`; `nil` if it does not fit.
    func words(_ text: String, registers: Int) -> [UInt16]? {
        var bytes = text.utf8.map { UInt16($0) }
        let room = self == .onePerRegister ? registers : 2 * registers
        guard bytes.count <= room else { return nil }
        bytes.append(contentsOf: repeatElement(0, count: room - bytes.count))
        switch self {
        case .highByteFirst: return (0..<registers).map { bytes[2 * $0] << 8 | bytes[2 * $0 + 1] }
        case .lowByteFirst: return (0..<registers).map { bytes[2 * $0 + 1] << 8 | bytes[2 * $0] }
        case .onePerRegister: return bytes
        }
    }
}
