/// Waits until the condition holds, at most 10 s.
///
/// - Returns: False if the time ran out.
func eventually(_ condition: () async -> Bool) async -> Bool {
    let end = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < end {
        if await condition() { return true }
        do { try await ContinuousClock().sleep(for: .milliseconds(2)) } catch { return await condition() }
    }
    return await condition()
}
