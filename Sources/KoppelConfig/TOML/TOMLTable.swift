/// A table while its file is read. A reference, because a later header opens it again; it never leaves the reader.
final class TOMLTable {
    private enum Item {
        case value(DocumentNode)
        case table(TOMLTable)
        case tables(Tables)
    }

    /// A reference too, so that a file of many tables does not copy them for each.
    private final class Tables {
        var all: [TOMLTable]

        init(_ first: TOMLTable) { all = [first] }
    }

    private let position: SourcePosition
    private var order: [(key: String, position: SourcePosition)] = []
    private var items: [String: Item] = [:]
    /// True once a header has named it, which may happen once.
    private var hasHeader = false

    init(position: SourcePosition) { self.position = position }

    /// The table of a header; an array of tables gets a new one.
    func open(_ path: [String], isArray: Bool, at position: SourcePosition) throws(SyntaxFault) -> TOMLTable {
        let parent = try descend(path.dropLast(), at: position)
        let key = path[path.count - 1]
        if isArray {
            let table = TOMLTable(position: position)
            switch parent.items[key] {
            case nil: parent.put(key, .tables(Tables(table)), at: position)
            case .tables(let earlier): earlier.all.append(table)
            default: throw twice(key, position)
            }
            return table
        }
        let table = try parent.descend([key], at: position)
        if case .tables = parent.items[key] { throw twice(key, position) }
        guard !table.hasHeader else { throw twice(key, position) }
        table.hasHeader = true
        return table
    }

    /// Sets a value at a key, which may be dotted.
    func set(_ path: [String], _ value: DocumentNode, at position: SourcePosition) throws(SyntaxFault) {
        let table = try descend(path.dropLast(), at: position)
        let key = path[path.count - 1]
        guard table.items[key] == nil else { throw twice(key, position) }
        table.put(key, .value(value), at: position)
    }

    /// The table at the end of a path, made where it is missing; of an array of tables the latest.
    private func descend(_ path: some Sequence<String>, at position: SourcePosition) throws(SyntaxFault) -> TOMLTable {
        var table = self
        for key in path {
            switch table.items[key] {
            case .table(let next): table = next
            case .tables(let tables): table = tables.all[tables.all.count - 1]
            case .value: throw twice(key, position)
            case nil:
                let next = TOMLTable(position: position)
                table.put(key, .table(next), at: position)
                table = next
            }
        }
        return table
    }

    private func put(_ key: String, _ item: Item, at position: SourcePosition) {
        order.append((key, position))
        items[key] = item
    }

    private func twice(_ key: String, _ position: SourcePosition) -> SyntaxFault {
        let line = order.first { $0.key == key }.map { ", also in line \($0.position.line)" } ?? ""
        return SyntaxFault(position: position, sentence: "`\(key)` stands twice\(line)", hint: "Keep one of the two.")
    }

    var node: DocumentNode {
        let entries = order.compactMap { key, position -> DocumentNode.Entry? in
            switch items[key] {
            case .value(let value): .init(key: key, keyPosition: position, value: value)
            case .table(let table): .init(key: key, keyPosition: position, value: table.node)
            case .tables(let tables):
                .init(
                    key: key, keyPosition: position,
                    value: DocumentNode(position: position, content: .sequence(tables.all.map(\.node))))
            case nil: nil
            }
        }
        return DocumentNode(position: position, content: .mapping(entries))
    }
}
