/// A unit of measure: one row of the fixed table of data model 2.3, keyed by its UCUM string.
///
/// Every row was checked there against UCUM 2.2, the UN/ECE Rec 20 codes of the OPC table, and QUDT.
package struct UnitOfMeasure: Hashable, Sendable {
    /// The key, compared as text. UCUM knows no var, so reactive power is `V.A{reactive}`.
    package let ucum: String
    /// The UN/ECE Rec 20 common code.
    package let unece: String
    /// The local name in the QUDT unit vocabulary.
    package let qudt: String
    /// The local name of the quantity kind the unit usually measures, in the QUDT vocabulary.
    package let typicalQuantityKind: String

    private init(_ ucum: String, _ unece: String, _ qudt: String, _ typicalQuantityKind: String) {
        self.ucum = ucum
        self.unece = unece
        self.qudt = qudt
        self.typicalQuantityKind = typicalQuantityKind
    }

    /// The row with this UCUM key; `nil` if the table has none.
    package init?(ucum: String) {
        guard let row = UnitOfMeasure.byKey[ucum] else { return nil }
        self = row
    }

    private static let byKey = Dictionary(uniqueKeysWithValues: table.map { ($0.ucum, $0) })

    /// The whole table, in the order of the data model.
    package static let table: [UnitOfMeasure] = [
        UnitOfMeasure("V", "VLT", "V", "Voltage"),
        UnitOfMeasure("mV", "2Z", "MilliV", "Voltage"),
        UnitOfMeasure("kV", "KVT", "KiloV", "Voltage"),
        UnitOfMeasure("A", "AMP", "A", "ElectricCurrent"),
        UnitOfMeasure("mA", "4K", "MilliA", "ElectricCurrent"),
        UnitOfMeasure("W", "WTT", "W", "ActivePower"),
        UnitOfMeasure("kW", "KWT", "KiloW", "ActivePower"),
        UnitOfMeasure("V.A", "D46", "VA", "ApparentPower"),
        UnitOfMeasure("kV.A", "KVA", "KiloVA", "ApparentPower"),
        UnitOfMeasure("V.A{reactive}", "D44", "VAR", "ReactivePower"),
        UnitOfMeasure("kV.A{reactive}", "KVR", "KiloVAR", "ReactivePower"),
        UnitOfMeasure("W.h", "WHR", "W-HR", "ActiveEnergy"),
        UnitOfMeasure("kW.h", "KWH", "KiloW-HR", "ActiveEnergy"),
        UnitOfMeasure("MW.h", "MWH", "MegaW-HR", "ActiveEnergy"),
        UnitOfMeasure("kV.A.h{reactive}", "K3", "KiloVAR-HR", "ReactiveEnergy"),
        UnitOfMeasure("MJ", "3B", "MegaJ", "Energy"),
        UnitOfMeasure("Hz", "HTZ", "HZ", "Frequency"),
        UnitOfMeasure("Cel", "CEL", "DEG_C", "Temperature"),
        UnitOfMeasure("K", "KEL", "K", "Temperature"),
        UnitOfMeasure("bar", "BAR", "BAR", "Pressure"),
        UnitOfMeasure("mbar", "MBR", "MilliBAR", "Pressure"),
        UnitOfMeasure("Pa", "PAL", "PA", "Pressure"),
        UnitOfMeasure("kPa", "KPA", "KiloPA", "Pressure"),
        UnitOfMeasure("%", "P1", "PERCENT", "DimensionlessRatio"),
        UnitOfMeasure("/min", "RPM", "REV-PER-MIN", "RotationalVelocity"),
        UnitOfMeasure("mm", "MMT", "MilliM", "Length"),
        UnitOfMeasure("m", "MTR", "M", "Length"),
        UnitOfMeasure("mm/s", "C16", "MilliM-PER-SEC", "Velocity"),
        UnitOfMeasure("m/s", "MTS", "M-PER-SEC", "Velocity"),
        UnitOfMeasure("m/min", "2X", "M-PER-MIN", "Velocity"),
        UnitOfMeasure("m/s2", "MSK", "M-PER-SEC2", "Acceleration"),
        UnitOfMeasure("N", "NEW", "N", "Force"),
        UnitOfMeasure("N.m", "NU", "N-M", "Torque"),
        UnitOfMeasure("kg", "KGM", "KiloGM", "Mass"),
        UnitOfMeasure("t", "TNE", "TONNE", "Mass"),
        UnitOfMeasure("kg/h", "E93", "KiloGM-PER-HR", "MassFlowRate"),
        UnitOfMeasure("L", "LTR", "L", "Volume"),
        UnitOfMeasure("m3", "MTQ", "M3", "Volume"),
        UnitOfMeasure("L/min", "L2", "L-PER-MIN", "VolumeFlowRate"),
        UnitOfMeasure("m3/h", "MQH", "M3-PER-HR", "VolumeFlowRate"),
        UnitOfMeasure("s", "SEC", "SEC", "Time"),
        UnitOfMeasure("ms", "C26", "MilliSEC", "Time"),
        UnitOfMeasure("h", "HUR", "HR", "Time"),
        UnitOfMeasure("deg", "DD", "DEG", "Angle"),
        UnitOfMeasure("Ohm", "OHM", "OHM", "Resistance"),
        UnitOfMeasure("dB", "2N", "DeciB", "SoundPressureLevel"),
        UnitOfMeasure("[ppm]", "59", "PPM", "DimensionlessRatio"),
        UnitOfMeasure("[pH]", "Q30", "PH", "Acidity"),
        UnitOfMeasure("{#}", "H87", "NUM", "Count"),
        UnitOfMeasure("1", "C62", "UNITLESS", "Dimensionless"),
    ]
}
