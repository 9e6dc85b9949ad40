/// Decodes what given words allow, as a real read of exactly these words would (`koppel decode`, device vectors).
///
/// All words count as one answer, however they are cut up, so a scale register, a status or a coherence group may come
/// from another run than the value. A point is left out if not all of its registers are given, and those of the signals
/// that it needs: its scale register, and what says whether it counts.
///
/// - Parameters:
///   - points: In the order the results come in; helpers that are not published are decoded too.
///   - words: Table, then start address, then the words from there on; 0 or 1 for coils and discrete inputs. Where
///     runs overlap, the one with the higher start wins. Words past address 65,535 are left out.
/// - Returns: One entry per point that could be decoded.
package func decodeAll(
    points: [Point], words: [RegisterTable: [UInt16: [UInt16]]]
) -> [(signal: SignalName, decoded: Decoded)] {
    let given = GivenWords(words)
    let places = Dictionary(points.map { ($0.signal, $0) }, uniquingKeysWith: { first, _ in first })
    return points.compactMap { point in
        guard let words = given.words(of: point) else { return nil }
        var needed: [SignalName: Decoded] = [:]
        for name in point.companions {
            guard let other = places[name], other.companions.isEmpty else { return (point.signal, .bad(.configError)) }
            guard let words = given.words(of: other) else { return nil }
            needed[name] = PointDecoder(other).decode(words.span)
        }
        let decoder = PointDecoder(point)
        let scale = point.scaleRegister.flatMap { needed[$0] }
        let decoded = scale.map { decoder.decode(words.span, at: 0, scale: $0) } ?? decoder.decode(words.span)
        let judged = point.validWhen.reduce(decoded) { decoded, rule in
            needed[rule.signal].map { decoded.doubted(for: rule.judgement(of: $0)) } ?? decoded
        }
        return (point.signal, judged)
    }
}

private struct GivenWords {
    private var byAddress: [RegisterTable: [UInt16: UInt16]] = [:]

    init(_ runs: [RegisterTable: [UInt16: [UInt16]]]) {
        for (table, starts) in runs {
            for (start, words) in starts.sorted(by: { $0.key < $1.key }) {
                for (offset, word) in words.enumerated() {
                    guard let address = UInt16(exactly: Int(start) + offset) else { break }
                    byAddress[table, default: [:]][address] = word
                }
            }
        }
    }

    func words(of point: Point) -> [UInt16]? {
        var words: [UInt16] = []
        for offset in 0..<point.wire.registers {
            guard let address = UInt16(exactly: Int(point.address) + offset),
                let word = byAddress[point.table]?[address]
            else { return nil }
            words.append(word)
        }
        return words
    }
}
