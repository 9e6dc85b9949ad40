internal import KoppelCore
internal import KoppelExecutor

/// Stands for a bus that cannot be used at all, so that its signals say why instead of being silent.
struct UnusableLink: ModbusLink {
    let error: BusError
    private let thread = ThreadExecutor(name: "bus unusable")

    init(error: BusError) { self.error = error }

    var executor: any TaskExecutor { thread }

    func open() async throws(BusError) { throw error }

    func transact(_ request: ReadRequest, timeout: Duration, pause: Duration) async throws(BusError) -> ReadAnswer {
        throw error
    }

    func close() async {}
}
