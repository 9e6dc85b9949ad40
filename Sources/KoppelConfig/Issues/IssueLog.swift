/// Collects the issues of one load, so that all of them are reported at once.
///
/// A reference, because every reader of one load writes to the same list; it never leaves the task of that load.
/// Holds at most 1,000 issues; what comes after is counted.
final class IssueLog {
    static let limit = 1_000

    private(set) var issues: [ConfigIssue] = []
    private var left = 0

    var hasErrors: Bool { issues.contains { $0.severity == .error } }

    func add(_ issue: ConfigIssue) {
        guard issues.count < Self.limit else {
            left += 1
            return
        }
        if !issues.contains(issue) { issues.append(issue) }
    }

    /// By file in the order the files were read, then by place. What did not fit is told at the end.
    func sorted() -> [ConfigIssue] {
        var order: [String: Int] = [:]
        for issue in issues where order[issue.file] == nil { order[issue.file] = order.count }
        var result = issues.sorted { left, right in
            let (first, second) = (order[left.file] ?? 0, order[right.file] ?? 0)
            return (first, left.position) < (second, right.position)
        }
        if left > 0, let last = result.last {
            result.append(
                ConfigIssue(
                    file: last.file, position: last.position, path: "", severity: .error,
                    sentence: "\(left) more issues are not shown"))
        }
        return result
    }
}
