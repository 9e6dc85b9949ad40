/// The words around an address as one moment found them. A word that could not be read is not in it.
package struct RegisterSample: Hashable, Sendable {
    package var words: [RegisterTable: [UInt16: UInt16]]

    package init(words: [RegisterTable: [UInt16: UInt16]] = [:]) { self.words = words }

    /// Adds words from an address on; those past address 65,535 are left out.
    package mutating func add(_ new: [UInt16], table: RegisterTable, from start: UInt16) {
        for (offset, word) in new.enumerated() {
            guard let address = UInt16(exactly: Int(start) + offset) else { return }
            words[table, default: [:]][address] = word
        }
    }

    /// So many words from an address on; `nil` if one is missing.
    package func run(of table: RegisterTable, from start: UInt16, count: Int) -> [UInt16]? {
        guard let known = words[table] else { return nil }
        var run: [UInt16] = []
        for offset in 0..<count {
            guard let address = UInt16(exactly: Int(start) + offset), let word = known[address] else { return nil }
            run.append(word)
        }
        return run
    }
}
