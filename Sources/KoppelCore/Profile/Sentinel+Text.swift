extension Sentinel.Pattern {
    /// As a profile writes it: `0x8000`, or `NaN`. Four digits of a type that takes a part of a register are the whole
    /// register, fewer the part.
    package func text(of wire: WireType) -> String {
        switch self {
        case .notANumber: "NaN"
        case .register(let register): hexadecimal(UInt64(register), digits: 4)
        case .bits(let bits):
            hexadecimal(bits, digits: wire.isPartOfRegister ? 1 : wire.registers * 4)
        }
    }

    private func hexadecimal(_ number: UInt64, digits: Int) -> String {
        let text = String(number, radix: 16, uppercase: true)
        return "0x" + String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}
