/// What a column of a sheet of registers holds.
package enum SheetColumn: String, CaseIterable, Sendable {
    case address
    /// Hexadecimal without a sign that says so.
    case addressHex = "address-hex"
    case name, description, type, unit
    /// The value is the raw number times this.
    case scale
    /// The value is the raw number divided by this.
    case divisor
    /// How many of its digits stand behind the decimal point.
    case decimals
    case offset, access
    /// The table by its name, or by its digit with an x (`4x`).
    case table
    /// The function code that reads it.
    case function
    /// Registers of one value, or how many bytes or bits it has.
    case count
    case countBytes = "count-bytes"
    case countBits = "count-bits"
    /// ABCD, CDAB, BADC or DCBA.
    case order

    /// The column a heading names; `nil` if it is none of these.
    init?(heading: String) {
        let plain = Self.plain(heading)
        guard !plain.isEmpty else { return nil }
        guard let column = Self.headings.first(where: { $0.1.contains(plain) })?.0 else { return nil }
        let said = heading.lowercased()
        switch column {
        case .address where said.contains("hex"): self = .addressHex
        case .count where said.contains("byte"): self = .countBytes
        case .count where said.contains("bit"): self = .countBits
        default: self = column
        }
    }

    /// Letters only, small, without what stands in brackets.
    private static func plain(_ heading: String) -> String {
        var depth = 0
        var result = ""
        for character in heading.lowercased() {
            if "([{".contains(character) { depth += 1 }
            if depth == 0, character.isLetter { result.append(character) }
            if ")]}".contains(character) { depth = max(0, depth - 1) }
        }
        return result
    }

    private static let headings: [(SheetColumn, Set<String>)] = [
        (
            .address,
            [
                "address", "addr", "register", "reg", "registeraddress", "modbusaddress", "modbusregister", "adres",
                "adresse", "registeradres", "registeradresse", "registernumber", "registernummer", "startaddress",
                "startregister", "addressdec", "addresshex", "adreshex", "hexaddress", "decaddress", "registerno",
                "regaddr", "regno", "dataaddress", "registerhex", "registerdec", "hexadres", "modbusadres",
                "modbusadresse", "modbusregisteradres", "adresdec", "adresdecimaal", "registernr",
            ]
        ),
        (
            .name,
            [
                "name", "naam", "parameter", "signal", "variable", "tag", "bezeichnung", "registername",
                "parametername", "datapoint", "symbol", "signaal", "variablename", "documentedname", "pointname",
                "variabelenaam", "identifier", "grootheid", "variabele", "item", "tagname",
                "messwert", "meetwaarde", "benaming", "parameternaam", "signaalnaam", "registernaam", "meetpunt",
            ]
        ),
        (
            .description,
            [
                "description", "omschrijving", "beschreibung", "betekenis", "meaning", "label", "toelichting",
                "descriptionofregister", "registerdescription", "parameterdescription",
            ]
        ),
        (
            .type,
            [
                "type", "datatype", "format", "dataformat", "datentyp", "gegevenstype", "representation", "formaat",
                "wiretype", "valuetype", "vartype", "dataformaat", "datatypen", "datenformat",
            ]
        ),
        (.unit, ["unit", "units", "eenheid", "eenheden", "einheit", "uom", "engineeringunit", "unity"]),
        (
            .scale,
            [
                "scale", "factor", "scalefactor", "scaling", "multiplier", "schaal", "schaalfactor", "faktor",
                "skalierung", "resolution", "resolutie", "auflösung", "coefficient", "multiplikator", "scalingfactor",
                "sf",
            ]
        ),
        (.divisor, ["divisor", "deler", "gain", "divider", "divideby", "teiler"]),
        (.decimals, ["decimals", "decimalplaces", "decimalen", "nachkommastellen", "dp"]),
        (.offset, ["offset"]),
        (
            .access,
            [
                "access", "rw", "readwrite", "toegang", "zugriff", "accessmode", "permission", "rorw", "attribute",
                "lezenschrijven", "lezenofschrijven", "leesschrijf", "rwro", "lesenschreiben", "zugriffsart",
            ]
        ),
        (
            .table,
            ["table", "tabel", "tabelle", "registertype", "registertable", "objecttype", "entity", "registerkind"]
        ),
        (
            .function,
            [
                "function", "functioncode", "fc", "functie", "functiecode", "funktion", "funktionscode",
                "functioncodes", "modbusfunction", "readfunction", "functioncoderead",
            ]
        ),
        (
            .count,
            [
                "count", "words", "length", "size", "registers", "quantity", "numberofregisters", "wordcount",
                "lengte", "anzahl", "aantal", "aantalregisters", "noofregisters", "len", "nrofregisters",
                "registercount", "numberofwords", "länge", "aantalwoorden", "registeraantal", "anzahlregister",
                "bytes", "numberofbytes", "lengthinbytes", "sizeinbytes", "bytelength", "aantalbytes", "numberofbits",
                "lengthinbits", "sizeinbits", "bitlength", "aantalbits",
            ]
        ),
        (.order, ["byteorder", "wordorder", "order", "endianness", "volgorde", "bytevolgorde"]),
    ]
}
