internal import ArgumentParser

/// An address as the command line gives it: `4096`, or hexadecimal `0x1000`. Which number means what is the caller's.
struct GivenAddress: ExpressibleByArgument, Hashable {
    var number: Int

    init?(argument: String) {
        let isHexadecimal = argument.hasPrefix("0x") || argument.hasPrefix("0X")
        let digits = isHexadecimal ? argument.dropFirst(2) : argument[...]
        // Int itself would take a sign.
        guard digits.allSatisfy({ $0.isHexDigit && $0.isASCII }),
            let number = Int(digits, radix: isHexadecimal ? 16 : 10)
        else { return nil }
        self.number = number
    }
}
