/// How a record lies in the `payload` column, version 2.
///
/// ```text
/// checksum   8 bytes  XXH64 of all that follows; the seed is the row's position, so that a row cannot
///                     pass for another
/// version    1 byte   2
/// clock      1 byte   ClockState
/// epoch, rev, readings, gaps          varints
/// signals    columns of the readings, each in the shortest of a few layouts
/// sequences
/// conditions
/// times
/// values
/// gaps       signal varint, from zigzag, length zigzag, lost varint, reason byte
/// occurrences  a count, then each; not in version 1
/// ```
///
/// Signals that follow each other, one seq for all, one time per answer and good quality cost next to nothing, so a
/// sweep of 1,000 registers costs about two bytes a reading.
enum RecordFormat {
    static let version: UInt8 = 2
    /// Version 1 has no occurrences.
    static let oldest: UInt8 = 1
    /// The most occurrences in one record.
    static let maximumOccurrences = 1 << 16
    /// The most readings, and the most gaps, in one record. Sixteen times the signals a machine can have.
    static let maximumReadings = 1 << 20

    /// Layouts of a column.
    enum Layout {
        /// Runs: a count, then what repeats and for how long.
        static let runs: UInt8 = 0
        /// One entry per reading.
        static let list: UInt8 = 1
    }

    /// What the values of a run are stored as. A number is never given to another meaning.
    enum Storage: UInt8 {
        case none = 0
        /// One bit a value, lowest bit first.
        case bool = 1
        case int8 = 2
        case int16 = 3
        case int32 = 4
        case int64 = 5
        case uint8 = 6
        case uint16 = 7
        case uint32 = 8
        case uint64 = 9
        case float = 10
        case double = 11
        case text = 12
        /// A double that is exactly `n / 10^exponent`, which scaled registers are: the exponent, then 16 bits each.
        case decimal16 = 13
        /// The same with 32 bits each.
        case decimal32 = 14
    }

    /// Exponents of the decimal storages, and what they divide by.
    static let powersOfTen: [Double] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000]
}
