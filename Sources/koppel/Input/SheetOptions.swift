internal import ArgumentParser
internal import KoppelConfig
internal import KoppelCore

/// How a sheet of registers is to be read: on the command line, or asked at a terminal.
struct SheetOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "CSV: what the columns hold, from 1: address=1,name=2,type=3. Known: "
                + SheetColumn.allCases.map(\.rawValue).joined(separator: ", ") + ".", valueName: "columns"),
        transform: ColumnList.init(parsing:))
    var columns: ColumnList?

    @Option(help: ArgumentHelp("CSV: how addresses count: zero-based, one-based or modicon.", valueName: "way"))
    var addressing: SheetAddressing?

    @Option(
        help: ArgumentHelp(
            "CSV: the order of values over several registers: ABCD, CDAB, BADC or DCBA.", valueName: "order"))
    var wordOrder: WordOrder?

    @Option(
        help: ArgumentHelp(
            "CSV: where the registers are, if no column says: holding, input, coil or discrete.", valueName: "table"))
    var table: SheetTable?

    @Option(
        help: ArgumentHelp("CSV: the type of a value, if no column says: uint16, float32.", valueName: "type"))
    var type: SheetTypeName?

    /// What the command line confirms.
    var confirmation: SheetConfirmation {
        SheetConfirmation(
            columns: columns?.columns, addressing: addressing, order: wordOrder?.order, table: table?.table,
            type: type?.wire)
    }
}

extension SheetAddressing: ExpressibleByArgument {}

/// The type of a value by its name.
struct SheetTypeName: ExpressibleByArgument {
    var wire: WireType

    init?(argument: String) {
        guard let wire = wireType(named: argument) else { return nil }
        self.wire = wire
    }
}

/// The columns of a sheet as the command line gives them: `address=1,name=2`.
struct ColumnList: CustomStringConvertible {
    var columns: [SheetColumn: Int]

    init(columns: [SheetColumn: Int]) { self.columns = columns }

    /// - Throws: `ValidationError` with the word that is wrong.
    init(parsing argument: String) throws {
        columns = [:]
        for pair in argument.split(separator: ",") {
            let parts = pair.split(separator: "=").map { $0.trimmingPrefix(" ") }
            guard parts.count == 2, let number = Int(parts[1]), (1...200).contains(number) else {
                throw ValidationError("`\(pair)`: write WHAT=NUMBER, for example address=1, numbers from 1 to 200.")
            }
            let name = ["factor": "scale", "length": "count"][parts[0]] ?? String(parts[0])
            guard let column = SheetColumn(rawValue: name) else {
                let known = SheetColumn.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("`\(parts[0])` is nothing that a column holds. Known are \(known).")
            }
            guard columns.updateValue(number, forKey: column) == nil else {
                throw ValidationError("`\(column.rawValue)` stands twice.")
            }
        }
        guard columns[.address] != nil || columns[.addressHex] != nil else {
            throw ValidationError("no column holds the address: begin with address=NUMBER or address-hex=NUMBER.")
        }
    }

    var description: String {
        columns.sorted { ($0.value, $0.key.rawValue) < ($1.value, $1.key.rawValue) }
            .map { "\($0.key.rawValue)=\($0.value)" }.joined(separator: ",")
    }
}

/// The order of the bytes of a value over two registers.
enum WordOrder: String, CaseIterable, ExpressibleByArgument {
    case abcd = "ABCD"
    case cdab = "CDAB"
    case badc = "BADC"
    case dcba = "DCBA"

    var order: ByteOrder {
        switch self {
        case .abcd: .specification
        case .cdab: ByteOrder(words: true, doubleWords: true)
        case .badc: ByteOrder(bytes: true)
        case .dcba: ByteOrder(bytes: true, words: true, doubleWords: true)
        }
    }
}

/// One of the four tables by its short name.
enum SheetTable: String, CaseIterable, ExpressibleByArgument {
    case holding, input, coil, discrete

    var table: RegisterTable {
        switch self {
        case .holding: .holdingRegister
        case .input: .inputRegister
        case .coil: .coil
        case .discrete: .discreteInput
        }
    }
}
