internal import Foundation
internal import KoppelCore
package import KoppelEngine

/// What following the chain of an audit log gave (`koppel audit verify`). Reads one file at a time.
package struct AuditVerification: Sendable {
    package struct Break: Sendable {
        package var file: String
        /// From 1.
        package var line: Int
        package var sentence: String
    }

    package private(set) var records: UInt64 = 0
    package private(set) var files = 0
    package private(set) var firstNumber: UInt64?
    private var chain = AuditChain()
    package private(set) var firstTime: String?
    package private(set) var lastTime: String?
    /// Records by what was decided.
    package private(set) var decisions: [String: UInt64] = [:]
    /// The newest line is torn, which an interrupted write does; the agent takes it away.
    package private(set) var hasTornEnd = false
    /// Where the chain breaks first.
    package private(set) var broken: Break?

    /// The number and hash of the newest sound record.
    package var lastNumber: UInt64 { chain.number }
    package var head: String { chain.head }

    /// - Throws: ``AuditError`` if there is no audit log, or it cannot be read.
    package init(dataFolder: String) throws(AuditError) {
        let folder = AuditFolder(dataFolder: dataFolder)
        do {
            let paths = try folder.all()
            guard !paths.isEmpty else { throw AuditError("there is no audit log in \(folder.path)") }
            for path in paths where broken == nil { try follow(path, isNewest: path == paths.last) }
        } catch let error as AuditError {
            throw error
        } catch {
            throw AuditError("\(folder.path) cannot be read: \(error.localizedDescription)")
        }
    }

    private mutating func follow(_ path: String, isNewest: Bool) throws {
        files += 1
        let data = try Data(contentsOf: URL(fileURLWithPath: path))
        let lines = data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            let isLast = index == lines.count - 1
            if line.isEmpty, isLast { return }
            if isLast {
                if isNewest {
                    hasTornEnd = true
                } else {
                    broken = Break(file: path, line: index + 1, sentence: "the line is torn, and others follow")
                }
                return
            }
            if let sentence = take(line) {
                broken = Break(file: path, line: index + 1, sentence: sentence)
                return
            }
        }
    }

    private mutating func take(_ line: Data) -> String? {
        guard let record = try? JSONDecoder().decode(JSONTree.self, from: line) else { return "this is no JSON" }
        if let fault = chain.follow(record, isFirst: records == 0) { return fault }
        records += 1
        firstNumber = firstNumber ?? record.recordNumber
        firstTime = firstTime ?? record["time"]?.text
        lastTime = record["time"]?.text
        decisions[record["decision"]?.text ?? "", default: 0] += 1
        return nil
    }
}
