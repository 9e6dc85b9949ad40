/// A unit of measure: one row of the fixed table of data model 2.3, keyed by its UCUM string.
///
/// Every row was checked against UCUM 2.2, the UN/ECE Rec 20 codes of the OPC table, and QUDT. Five rows are not in the
/// data model: `V.A.h`, `kV.A.h`, `V.A.h{reactive}`, `W.h/m3` and `uA`.
package struct UnitOfMeasure: Hashable, Sendable {
    /// The key, compared as text. UCUM knows no var, so reactive power is `V.A{reactive}`.
    package let ucum: String
    /// The UN/ECE Rec 20 common code; `nil` where the OPC table has none.
    package let unece: String?
    /// The local name in the QUDT unit vocabulary.
    package let qudt: String
    /// The local name of the quantity kind the unit usually measures, in the QUDT vocabulary.
    package let typicalQuantityKind: String
    /// The code of IEC 62720, after `0112/2///62720#`, as QUDT links it; `nil` where it links none.
    package let iec62720: String?

    private init(
        _ ucum: String, _ unece: String?, _ qudt: String, _ typicalQuantityKind: String, _ iec62720: String? = nil
    ) {
        self.ucum = ucum
        self.unece = unece
        self.qudt = qudt
        self.typicalQuantityKind = typicalQuantityKind
        self.iec62720 = iec62720
    }

    /// The row with this UCUM key; `nil` if the table has none.
    package init?(ucum: String) {
        guard let row = UnitOfMeasure.byKey[ucum] else { return nil }
        self = row
    }

    private static let byKey = Dictionary(uniqueKeysWithValues: table.map { ($0.ucum, $0) })

    /// The whole table, in the order of the data model.
    package static let table: [UnitOfMeasure] = [
        UnitOfMeasure("V", "VLT", "V", "Voltage", "UAA296"),
        UnitOfMeasure("mV", "2Z", "MilliV", "Voltage", "UAA804"),
        UnitOfMeasure("kV", "KVT", "KiloV", "Voltage", "UAA580"),
        UnitOfMeasure("A", "AMP", "A", "ElectricCurrent", "UAA101"),
        UnitOfMeasure("mA", "4K", "MilliA", "ElectricCurrent", "UAA775"),
        UnitOfMeasure("uA", "B84", "MicroA", "ElectricCurrent", "UAA057"),
        UnitOfMeasure("W", "WTT", "W", "ActivePower", "UAA306"),
        UnitOfMeasure("kW", "KWT", "KiloW", "ActivePower", "UAA583"),
        UnitOfMeasure("V.A", "D46", "VA", "ApparentPower", "UAA298"),
        UnitOfMeasure("kV.A", "KVA", "KiloVA", "ApparentPower", "UAA581"),
        UnitOfMeasure("V.A{reactive}", "D44", "VAR", "ReactivePower", "UAB023"),
        UnitOfMeasure("kV.A{reactive}", "KVR", "KiloVAR", "ReactivePower", "UAA648"),
        UnitOfMeasure("W.h", "WHR", "W-HR", "ActiveEnergy", "UAA308"),
        UnitOfMeasure("kW.h", "KWH", "KiloW-HR", "ActiveEnergy", "UAA584"),
        UnitOfMeasure("MW.h", "MWH", "MegaW-HR", "ActiveEnergy", "UAA225"),
        UnitOfMeasure("V.A.h", nil, "VA-HR", "ApparentEnergy"),
        UnitOfMeasure("kV.A.h", "C79", "KiloVA-HR", "ApparentEnergy", "UAB160"),
        UnitOfMeasure("V.A.h{reactive}", nil, "VAR-HR", "ReactiveEnergy"),
        UnitOfMeasure("kV.A.h{reactive}", "K3", "KiloVAR-HR", "ReactiveEnergy", "UAB195"),
        UnitOfMeasure("W.h/m3", nil, "W-HR-PER-M3", "EnergyDensity"),
        UnitOfMeasure("MJ", "3B", "MegaJ", "Energy", "UAA211"),
        UnitOfMeasure("Hz", "HTZ", "HZ", "Frequency", "UAA170"),
        UnitOfMeasure("Cel", "CEL", "DEG_C", "Temperature", "UAA033"),
        UnitOfMeasure("K", "KEL", "K", "Temperature", "UAA185"),
        UnitOfMeasure("bar", "BAR", "BAR", "Pressure", "UAA323"),
        UnitOfMeasure("mbar", "MBR", "MilliBAR", "Pressure", "UAA810"),
        UnitOfMeasure("Pa", "PAL", "PA", "Pressure", "UAA258"),
        UnitOfMeasure("kPa", "KPA", "KiloPA", "Pressure", "UAA575"),
        UnitOfMeasure("%", "P1", "PERCENT", "DimensionlessRatio", "UAA000"),
        UnitOfMeasure("/min", "RPM", "REV-PER-MIN", "RotationalVelocity", "UAB231"),
        UnitOfMeasure("mm", "MMT", "MilliM", "Length", "UAA862"),
        UnitOfMeasure("m", "MTR", "M", "Length", "UAA726"),
        UnitOfMeasure("mm/s", "C16", "MilliM-PER-SEC", "Velocity", "UAA867"),
        UnitOfMeasure("m/s", "MTS", "M-PER-SEC", "Velocity", "UAA733"),
        UnitOfMeasure("m/min", "2X", "M-PER-MIN", "Velocity", "UAA732"),
        UnitOfMeasure("m/s2", "MSK", "M-PER-SEC2", "Acceleration", "UAA736"),
        UnitOfMeasure("N", "NEW", "N", "Force", "UAA235"),
        UnitOfMeasure("N.m", "NU", "N-M", "Torque", "UAA239"),
        UnitOfMeasure("kg", "KGM", "KiloGM", "Mass", "UAA594"),
        UnitOfMeasure("t", "TNE", "TONNE", "Mass"),
        UnitOfMeasure("kg/h", "E93", "KiloGM-PER-HR", "MassFlowRate", "UAA607"),
        UnitOfMeasure("L", "LTR", "L", "Volume", "UAA649"),
        UnitOfMeasure("m3", "MTQ", "M3", "Volume", "UAA757"),
        UnitOfMeasure("L/min", "L2", "L-PER-MIN", "VolumeFlowRate", "UAA659"),
        UnitOfMeasure("m3/h", "MQH", "M3-PER-HR", "VolumeFlowRate", "UAA763"),
        UnitOfMeasure("s", "SEC", "SEC", "Time", "UAA972"),
        UnitOfMeasure("ms", "C26", "MilliSEC", "Time", "UAA899"),
        UnitOfMeasure("h", "HUR", "HR", "Time", "UAA525"),
        UnitOfMeasure("deg", "DD", "DEG", "Angle", "UAA024"),
        UnitOfMeasure("Ohm", "OHM", "OHM", "Resistance", "UAA017"),
        UnitOfMeasure("dB", "2N", "DeciB", "SoundPressureLevel", "UAA409"),
        UnitOfMeasure("[ppm]", "59", "PPM", "DimensionlessRatio", "UAD925"),
        UnitOfMeasure("[pH]", "Q30", "PH", "Acidity"),
        UnitOfMeasure("{#}", "H87", "NUM", "Count"),
        UnitOfMeasure("1", "C62", "UNITLESS", "Dimensionless"),
    ]
}

/// As its UCUM key.
extension UnitOfMeasure: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let unit = UnitOfMeasure(ucum: try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "the table has no such unit")
        }
        self = unit
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(ucum)
    }
}
