internal import KoppelCore

extension RegisterSheet {
    /// The device as the sheet has it with these answers.
    package func device(_ answers: SheetAnswers) -> ImportedDevice {
        let name = file.split(separator: "/").last.map(String.init) ?? file
        let stem = name.split(separator: ".").first.map(String.init) ?? name
        var device = ImportedDevice(name: stem, file: file)
        for row in rows(answers.columns) {
            let reader = SheetRow(sheet: self, row: row, answers: answers)
            do throws(SyntaxFault) {
                guard let found = try reader.register() else {
                    reader.noteTitle(in: &device)
                    continue
                }
                if case .bit(let bit) = found.wire, !found.table.isBits { reader.noteBit(bit, in: &device) }
                if found.wire.isFloat { reader.noteDecimals(in: &device) }
                device.add(found)
            } catch {
                device.leaveOut(reader.subject, at: reader.position, because: error.sentence, hint: error.hint)
            }
        }
        return device
    }
}

/// One row of a sheet on its way to a register.
struct SheetRow {
    let sheet: RegisterSheet
    let row: SheetText.Row
    let answers: SheetAnswers

    var position: SourcePosition { SourcePosition(line: row.line, column: 1) }
    var subject: String { cell(.name) ?? cell(.address) ?? cell(.addressHex) ?? row.cells.first { !$0.isEmpty } ?? "" }

    private func cell(_ column: SheetColumn) -> String? { sheet.cell(column, row, answers.columns) }

    /// A row that holds one text is the title of those below it.
    func noteTitle(in device: inout ImportedDevice) {
        device.note(subject, at: position, "taken for a title: it holds nothing else")
    }

    /// Manuals count bits from 0 or from 1, and from either end.
    func noteBit(_ bit: Int, in device: inout ImportedDevice) {
        device.note(
            subject, at: position, "taken for bit \(bit), where bit 0 is the least significant",
            hint: "Compare it with the device.")
    }

    /// A float has its point already: its decimals are what a display shows.
    func noteDecimals(in device: inout ImportedDevice) {
        guard let text = cell(.decimals), let number = SheetNumber.number(text), number != 0 else { return }
        device.note(subject, at: position, "\(text) decimals are not carried over: a float is not scaled by them")
    }

    /// `nil` for a title.
    func register() throws(SyntaxFault) -> FoundRegister? {
        guard var address = sheet.address(row, answers.columns) else {
            if row.cells.count(where: { !$0.isEmpty }) == 1 { return nil }
            guard let text = cell(.address) ?? cell(.addressHex) else { throw fault("it has no address") }
            let isHex = cell(.addressHex) == nil && SheetAddress(text, isHex: true) != nil
            throw fault(
                "`\(text)` is no address",
                hint: isHex ? "If the column is hexadecimal, say address-hex in place of address." : nil)
        }
        // `40001.0` is what some programs make of 40001.
        if address.bit == 0, let type = cell(.type), !Self.namesBit(type) { address.bit = nil }
        guard let name = cell(.name) ?? cell(.description) else { throw fault("it has no name") }
        guard !["reserved", "gereserveerd", "reserviert", "reserve", "spare"].contains(name.lowercased()) else {
            throw fault("it is reserved")
        }
        if let access = cell(.access)?.lowercased().filter(\.isLetter),
            ["w", "wo", "write", "writeonly", "schrijven", "schreiben"].contains(access)
        {
            throw fault("it can only be written")
        }
        let (table, start) = try place(address)
        let count = try sheet.registers(row, answers.columns) ?? address.count
        let (wire, order) =
            if let bit = address.bit { try self.bit(bit, table) } else { try type(table, count: count) }
        return FoundRegister(
            subject: subject, position: position, name: name, label: cell(.description) ?? name, table: table,
            address: start, wire: wire, order: order, scale: try scale(wire), offset: try offset(), unit: cell(.unit))
    }

    private func place(_ address: SheetAddress) throws(SyntaxFault) -> (RegisterTable, Int) {
        guard let addressing = answers.addressing, let place = address.place(addressing) else {
            throw fault("\(address.number) is no address in \(answers.addressing?.rawValue ?? "this") notation")
        }
        let named = sheet.table(row, answers.columns)
        if named == nil, let text = cell(.table) ?? cell(.function) {
            throw fault("`\(text)` is no table", hint: "A function code stands in a column `function`.")
        }
        if let named, let numbered = place.table, named != numbered {
            throw fault("\(address.number) is \(numbered.entity), and the sheet also says \(named.entity)")
        }
        guard let table = place.table ?? named ?? answers.table else {
            throw fault("nothing says in which table it lies", hint: "Say so with --table.")
        }
        return (table, place.address)
    }

    /// A bit of a register, where the address names one: `40001.3`.
    private func bit(_ bit: Int, _ table: RegisterTable) throws(SyntaxFault) -> (WireType, ByteOrder) {
        let type = (cell(.type) ?? "").lowercased()
        guard !table.isBits, type.isEmpty || Self.namesBit(type) else {
            throw fault("the address names a bit, and its type is `\(type)`")
        }
        return (.bit(bit), .specification)
    }

    private static func namesBit(_ type: String) -> Bool {
        let type = type.lowercased()
        return type.hasPrefix("bool") || type.hasPrefix("bit")
    }

    private func type(_ table: RegisterTable, count: Int?) throws(SyntaxFault) -> (WireType, ByteOrder) {
        if table.isBits {
            if let text = cell(.type), case .success(let type) = SheetType.read(text, count: count),
                type.wire.registers > 1
            {
                throw fault("\(table.entity) holds single bits, and its type is `\(text)`")
            }
            return (.bool, .specification)
        }
        let type = try self.type(count)
        guard type.wire.hasWordOrder else { return (type.wire, type.order ?? .specification) }
        var order = type.order ?? answers.order
        if type.order == nil, let text = cell(.order) {
            guard let letters = SheetType.orders[text.uppercased()] else {
                throw fault("`\(text)` is no byte order", hint: "ABCD, CDAB, BADC or DCBA.")
            }
            order = letters
        }
        guard let order else { throw fault("nothing says in which order its registers come") }
        return (type.wire, order)
    }

    /// As the cell says, or else as a person says of the whole sheet.
    private func type(_ count: Int?) throws(SyntaxFault) -> SheetType {
        guard cell(.type) == nil, let wire = answers.type else {
            return try SheetType.read(cell(.type) ?? "", count: count).get()
        }
        guard count == nil || count == wire.registers else {
            throw fault(
                "it has no type, and does not lie in \(wire.registers == 1 ? "1 register" : "\(wire.registers) registers")"
            )
        }
        return SheetType(wire: wire)
    }

    private func scale(_ wire: WireType) throws(SyntaxFault) -> Double {
        var scale = 1.0
        if let text = cell(.scale), !ForeignUnit.isNone(text) {
            guard let factor = SheetNumber.factor(text) else { throw ambiguous(text, "factor") }
            guard factor > 0 else {
                throw fault(
                    "`\(text)` as a factor makes the value 0 or turns its sign",
                    hint: "A power of ten is written 10^\(text).")
            }
            scale *= factor
        }
        if let text = cell(.divisor), !ForeignUnit.isNone(text) {
            guard let factor = SheetNumber.inverse(text) else { throw ambiguous(text, "divisor") }
            scale *= factor
        }
        if !wire.isFloat, let text = cell(.decimals), !ForeignUnit.isNone(text) {
            let decimals = try whole(text)
            guard (0...18).contains(decimals) else { throw fault("`\(text)` is no number of decimals") }
            scale *= SheetNumber.power(-decimals)
        }
        return scale.tidy
    }

    private func offset() throws(SyntaxFault) -> Double {
        guard let text = cell(.offset), !ForeignUnit.isNone(text) else { return 0 }
        guard let offset = SheetNumber.number(text) else { throw ambiguous(text, "offset") }
        return offset
    }

    private func whole(_ text: String) throws(SyntaxFault) -> Int {
        guard let number = SheetNumber.number(text), let whole = Int(exactly: number) else {
            throw fault("`\(text)` is no whole number")
        }
        return whole
    }

    private func ambiguous(_ text: String, _ what: String) -> SyntaxFault {
        if text.contains(","), Double(text.replacing(",", with: "")) != nil {
            return fault("`\(text)` can be two numbers", hint: "Write it with a point, or without one for thousands.")
        }
        return fault("`\(text)` is no \(what)")
    }

    private func fault(_ sentence: String, hint: String? = nil) -> SyntaxFault {
        SyntaxFault(position: position, sentence: sentence, hint: hint)
    }
}
