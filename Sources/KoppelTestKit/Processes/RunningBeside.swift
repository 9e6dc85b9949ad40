/// Runs something beside a body, and stops and awaits it when the body has ended, however it ended.
package func running<Result: Sendable>(
    _ run: @escaping @Sendable () async -> Void, until stop: () -> Void, _ body: () async throws -> Result
) async throws -> Result {
    async let running: Void = run()
    do {
        let result = try await body()
        stop()
        await running
        return result
    } catch {
        stop()
        await running
        throw error
    }
}
