import KoppelTestKit
import Testing

/// Faults on demand. In each of the two suites one at a time: each needs a process of its own, and the answers have
/// deadlines.
@Suite(
    .timeLimit(.minutes(5)),
    .enabled(if: SharedFolder.has("faults/modbus_chaos.py"), "the fault tools beside the package are missing"))
struct ChaosTests {}
