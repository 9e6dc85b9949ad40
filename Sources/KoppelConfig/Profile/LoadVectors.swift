package import KoppelCore

/// A vectors file and everything that is to be said about it. There are no vectors if there is an error.
package struct VectorsLoad: Sendable {
    package var vectors: VectorsFile?
    package var issues: [ConfigIssue]
}

/// Loads one `MODEL.vectors.yaml`, and compares its names with the profile if there is one.
package func loadVectors(at path: String, profile: DeviceProfile? = nil, files: some ConfigFiles) -> VectorsLoad {
    let log = IssueLog()
    let result = openDocument(path, files: files, issues: log).flatMap { readVectors($0, profile: profile) }
    return VectorsLoad(vectors: log.hasErrors ? nil : result, issues: log.sorted())
}

private func readVectors(_ document: Field, profile: DeviceProfile?) -> VectorsFile? {
    guard let section = document.section(VectorsShape.file) else { return nil }
    let id = section.required("profile")?.identifier()
    if let id, let profile, id != profile.id {
        section["profile"]?.error("the profile beside this file is `\(profile.id)`, not `\(id)`")
    }
    let known = profile.map { KnownSignals($0.points.map(\.signal.description)) }
    let items = section.required("vectors")?.list(named: "name") ?? []
    let vectors = items.compactMap { readVector($0, known: known) }
    return id.map { VectorsFile(profile: $0, vectors: vectors) }
}

private func readVector(_ field: Field, known: KnownSignals?) -> VectorsFile.Vector? {
    guard let section = field.section(VectorsShape.vector) else { return nil }
    let name = section.required("name")?.string()
    var words: [RegisterTable: [UInt16: [UInt16]]] = [:]
    let tables = section.required("words")?.section(VectorsShape.words)
    for table in RegisterTable.allCases { words[table] = tables?[table.name].map { readWords($0, table: table) } }
    var expectations: [SignalName: VectorsFile.Expectation] = [:]
    for (key, value) in section.required("expect")?.entries() ?? [] {
        guard let signal = SignalName(key) else {
            value.keyError("`\(key)` is no signal name")
            continue
        }
        if let known, !known.contains(signal) {
            value.keyError("the profile has no signal `\(signal)`", hint: suggestion(for: key, in: known.names))
        }
        expectations[signal] = readExpectation(value)
    }
    return name.map { VectorsFile.Vector(name: $0, words: words, expectations: expectations) }
}

private func readWords(_ field: Field, table: RegisterTable) -> [UInt16: [UInt16]] {
    var result: [UInt16: [UInt16]] = [:]
    for (key, value) in field.entries() ?? [] {
        guard let start = wholeNumber(key).flatMap(UInt16.init(exactly:)) else {
            value.keyError("`\(key)` is no data address", hint: "0 to 65535, zero-based whatever the profile writes.")
            continue
        }
        let words = value.list()?.compactMap { $0.int(in: 0...(table.isBits ? 1 : 0xFFFF)).map { UInt16($0) } } ?? []
        if Int(start) + words.count > 65_536 { value.error("the words run past data address 65535") }
        result[start] = words
    }
    return result
}

private func readExpectation(_ field: Field) -> VectorsFile.Expectation? {
    if let text = field.scalarText {
        return field.wrongKind(expected: "a mapping", hint: "For example {value: \(text.isEmpty ? "230.5" : text)}.")
    }
    guard let section = field.section(VectorsShape.expectation) else { return nil }
    let unit = section["unit"].flatMap(readUnit)
    let reason = section["reason"]?.word(of: VectorsShape.reasons)
    var quality = Quality.good
    if let qualityField = section["quality"], let name = qualityField.word(of: ["good", "uncertain", "bad"]) {
        quality = name == "good" ? .good : name == "bad" ? .bad : .uncertain
    }
    guard let valueField = section.required("value", hint: "null for a bad reading.") else { return nil }
    guard let value = expectedValue(valueField) else {
        return valueField.wrongKind(expected: "a single value")
    }
    if (value == .none) != (quality == .bad) {
        field.error("a value is null exactly when the quality is bad")
    }
    return VectorsFile.Expectation(
        value: value, unit: unit, quality: quality, reason: reason, position: field.keyPosition)
}

private func readUnit(_ field: Field) -> String? {
    guard let text = field.string() else { return nil }
    guard UnitOfMeasure(ucum: text) != nil else {
        field.error("`\(text)` is not in the unit table", hint: MeaningReader.unitHint(text))
        return nil
    }
    return text
}

private func expectedValue(_ field: Field) -> VectorsFile.ExpectedValue? {
    guard case .scalar(let text, let isPlain) = field.node.content else { return nil }
    guard isPlain else { return .text(text) }
    if isNull(text) { return VectorsFile.ExpectedValue.none }
    if text == "true" || text == "false" { return .bool(text == "true") }
    if text.hasPrefix("0x"), let number = UInt64(text.dropFirst(2), radix: 16) { return .number("\(number)") }
    return Double(text) == nil ? .text(text) : .number(text)
}
