internal import Foundation
internal import KoppelCore

/// A unit as people and other programs write it, as a row of the unit table: the value times `factor` plus `shift` is
/// in that unit.
struct ForeignUnit: Hashable {
    var unit: UnitOfMeasure
    var factor = 1.0
    var shift = 0.0
    /// The local name in the QUDT vocabulary of what it measures; `nil` where the unit alone does not say.
    var quantityKind: String?

    /// `nil` if the table has nothing for it.
    init?(_ text: String) {
        let text = text.trimmingCharacters(in: .whitespaces)
        if let unit = UnitOfMeasure(ucum: text) {
            self.init(unit: unit, quantityKind: Self.quantityKind(of: unit))
            return
        }
        let plain = Self.plain(text)
        guard let row = Self.names[plain] ?? Self.lowered[plain.lowercased()] ?? nil,
            let unit = UnitOfMeasure(ucum: row.ucum)
        else { return nil }
        self.init(
            unit: unit, factor: row.factor, shift: row.shift,
            quantityKind: row.quantityKind ?? Self.quantityKind(of: unit))
    }

    private init(unit: UnitOfMeasure, factor: Double = 1, shift: Double = 0, quantityKind: String?) {
        self.unit = unit
        self.factor = factor
        self.shift = shift
        self.quantityKind = quantityKind
    }

    /// True for the ways to write that there is no unit.
    static func isNone(_ text: String) -> Bool {
        ["", "-", "--", "–", "—", "/", "n/a", "na", "none", "geen", "keine", "unitless", "nvt", "n.v.t."].contains(
            text.trimmingCharacters(in: .whitespaces).lowercased())
    }

    /// What a unit measures whatever the device is. Watts and watt hours may be heat, so they are power and energy; a
    /// decibel may be a sound or a signal, so it says nothing.
    static func quantityKind(of unit: UnitOfMeasure) -> String? {
        switch unit.ucum {
        case "W", "kW": "Power"
        case "W.h", "kW.h", "MW.h": "Energy"
        case "/min", "dB": nil
        default: unit.typicalQuantityKind
        }
    }

    private struct Row {
        var ucum: String
        var factor = 1.0
        var shift = 0.0
        var quantityKind: String?
    }

    /// Without blanks, raised numbers, and the dots and stars of products.
    private static func plain(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case " ", "\u{A0}", "^", "*", "·", ".", "_", "[", "]", "(", ")": continue
            case "²": result.append("2")
            case "³": result.append("3")
            case "µ", "μ": result.append("u")
            case "Ω": result += "Ohm"
            case "℃": result += "°C"
            case "º", "˚": result.append("°")
            default: result.append(character)
            }
        }
        return result
    }

    private static let names: [String: Row] = {
        var names: [String: Row] = [:]
        for unit in UnitOfMeasure.table { names[plain(unit.ucum)] = Row(ucum: unit.ucum) }
        let same: [(String, String)] = [
            ("V", "Volt Volts VAC VDC Vac Vdc Vrms"), ("A", "Amp Amps Ampere AAC ADC Arms"),
            ("mA", "milliampere"), ("V.A.h", "VAh"), ("kV.A.h", "kVAh"), ("W.h/m3", "Wh/m3"),
            ("W", "Watt Watts"),
            ("V.A", "VA"), ("kV.A", "kVA"), ("V.A{reactive}", "var VAr Var VAR"),
            ("kV.A{reactive}", "kvar kVAr kVar kVAR"), ("W.h", "Wh WH"), ("kW.h", "kWh KWh kWH"), ("MW.h", "MWh"),
            ("V.A.h{reactive}", "varh VArh Varh VARh"),
            ("kV.A.h{reactive}", "kvarh kVArh kVarh kVARh"), ("Hz", "Hertz"),
            ("Cel", "°C C degC degreeC degreesC degreeCelsius degreesCelsius Celsius °Celsius GradC"), ("K", "Kelvin"),
            ("bar", "barg bara bar(g)"),
            ("%", "percent Prozent procent pct %RH %rH %rF rH"), ("mbar", "hPa mBar MBAR"), ("N.m", "Nm"),
            ("kg/h", "kgh-1"), ("L", "l ltr litre liter Liter"), ("m3", "cbm"), ("L/min", "l/min lpm LPM"),
            ("m3/h", "cbm/h"), ("s", "sec second seconds Sek seconden"), ("h", "hr hrs hour hours uur Std"),
            ("deg", "° degree degrees graden Grad"), ("Ohm", "ohm ohms"), ("[ppm]", "ppm"), ("[pH]", "pH"),
            ("{#}", "# pcs pc pieces stuks st Stk Stück count counts pulses pulsen Impulse imp"),
            ("m/s2", "m/s^2"), ("t", "tonne"),
        ]
        for (ucum, list) in same {
            for name in list.split(separator: " ") { names[plain(String(name))] = Row(ucum: ucum) }
        }
        let scaled: [(String, String, Double)] = [
            ("kW", "MW", 1_000), ("W", "mW", 0.001), ("MW.h", "GWh", 1_000), ("kV.A", "MVA", 1_000),
            ("kV.A{reactive}", "Mvar MVAr", 1_000), ("kV.A.h", "MVAh", 1_000),
            ("kV.A.h{reactive}", "Mvarh MVArh", 1_000), ("A", "kA", 1_000),
            ("Hz", "kHz", 1_000), ("Hz", "mHz", 0.001), ("kPa", "MPa", 1_000), ("L", "ml mL", 0.001),
            ("L/min", "l/s L/s", 60), ("m3/h", "l/h L/h", 0.001), ("m3/h", "m3/min", 60), ("m3/h", "m3/s", 3_600),
            ("kg", "g", 0.001),
            ("mm", "cm", 10), ("m", "km", 1_000), ("mm", "um", 0.001), ("N", "kN", 1_000), ("MJ", "kJ", 0.001),
            ("MJ", "GJ", 1_000), ("W.h/m3", "kWh/m3", 1_000), ("s", "min minutes minuten", 60), ("h", "d day days", 24),
            ("ms", "us", 0.001),
            ("Ohm", "kOhm", 1_000), ("N.m", "kNm", 1_000), ("[ppm]", "ppb", 0.001), ("%", "‰ permille", 0.1),
        ]
        for (ucum, list, factor) in scaled {
            for name in list.split(separator: " ") { names[plain(String(name))] = Row(ucum: ucum, factor: factor) }
        }
        for name in ["rpm", "RPM", "rev/min", "r/min", "U/min", "tr/min", "omw/min"] {
            names[name] = Row(ucum: "/min", quantityKind: "RotationalVelocity")
        }
        for name in ["cosphi", "cosφ", "cosϕ", "PF"] { names[name] = Row(ucum: "1", quantityKind: "PowerFactor") }
        for name in ["°F", "degF"] { names[name] = Row(ucum: "Cel", factor: 5 / 9, shift: -160 / 9) }
        for name in ["dBA", "dB(A)"] { names[plain(name)] = Row(ucum: "dB", quantityKind: "SoundPressureLevel") }
        return names
    }()

    /// For those who write `KWH`: names that differ in no other than the size of letters. Not those of one letter, and
    /// not where it tells milli from mega, or newton from nano.
    private static let lowered: [String: Row?] = Dictionary(
        names.filter { name, _ in
            let first = name.lowercased().prefix(1)
            return name.count > 5 || (name.count > 1 ? first != "m" && first != "n" : "vaw".contains(first))
        }.map { ($0.key.lowercased(), $0.value) }
    ) { first, second in
        guard let first, let second, first.ucum == second.ucum, first.factor == second.factor else { return nil }
        return first
    }
}
