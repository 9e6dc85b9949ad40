/// The known word nearest to a mistyped one, or `nil` if none is near: at most a third of its letters differ.
///
/// Words longer than 64 characters are not compared, so that a hostile file cannot make this slow.
func nearest(to word: String, in known: some Sequence<String>) -> String? {
    guard word.utf8.count <= 64 else { return nil }
    let letters = Array(word.lowercased().unicodeScalars)
    var best: (word: String, distance: Int)?
    for candidate in known {
        let other = Array(candidate.lowercased().unicodeScalars)
        let allowed = max(1, max(letters.count, other.count) / 3)
        guard other.count <= 96, abs(other.count - letters.count) <= allowed else { continue }
        let distance = editDistance(letters, other)
        guard distance <= allowed, distance <= (best?.distance ?? .max) else { continue }
        // Of two as near, a letter forgotten is likelier than a letter too many: kWh means kW.h, not kW.
        if let best, distance == best.distance, candidate.utf8.count <= best.word.utf8.count { continue }
        best = (candidate, distance)
    }
    return best?.word
}

/// A hint that names the nearest known word, or all of them if they are few.
func suggestion(for word: String, in known: [String]) -> String? {
    if let near = nearest(to: word, in: known) { return "Did you mean `\(near)`?" }
    guard !known.isEmpty, known.count <= 24 else { return nil }
    return "Known here: " + known.joined(separator: ", ") + "."
}

/// How many letters have to be put in, taken out, changed or swapped with their neighbour.
private func editDistance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
    var beforePrevious: [Int] = []
    var previous = Array(0...right.count)
    for row in left.indices {
        var current = [row + 1]
        for column in right.indices {
            let change = previous[column] + (left[row] == right[column] ? 0 : 1)
            var cost = min(previous[column + 1] + 1, current[column] + 1, change)
            if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                cost = min(cost, beforePrevious[column - 1] + 1)
            }
            current.append(cost)
        }
        (beforePrevious, previous) = (previous, current)
    }
    return previous[right.count]
}
