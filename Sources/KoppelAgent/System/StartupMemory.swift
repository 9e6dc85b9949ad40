internal import CLinuxShims

/// What only the start needed: reading YAML and profiles touches several times the code and heap that polling and
/// delivering then use.
enum StartupMemory {
    /// Gives free heap back, and program code that is not in use out of the resident set. Code that is needed again
    /// comes back from the page cache, so this costs a millisecond and is done once after each load of the site file.
    static func letGo() { koppel_trim_memory() }
}
