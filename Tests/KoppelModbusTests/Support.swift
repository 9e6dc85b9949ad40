import Glibc
import KoppelCore
import KoppelModbus
import KoppelTestKit
import Testing

let wallClock = WallClock(
    now: {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }, state: { .synchronised })

func settings(_ endpoint: BusEndpoint, timeout: Duration = .milliseconds(300)) throws -> BusSettings {
    BusSettings(id: try #require(Identifier("bus-1")), endpoint: endpoint, timeout: timeout)
}

func request(
    _ start: UInt16, _ count: Int, unit: UInt8 = 1, table: RegisterTable = .holdingRegister
) throws -> ReadRequest {
    try #require(ReadRequest(unit: UnitID(unit), table: table, start: start, count: count))
}

/// What a transaction ended with, for comparing.
enum Ending: Equatable, CustomStringConvertible {
    case words([UInt16])
    case exception(UInt8)
    case failed(BusError.Kind)

    var description: String {
        switch self {
        case .words(let words): "words \(words)"
        case .exception(let code): "exception \(code)"
        case .failed(let kind): "failed: \(kind)"
        }
    }
}

extension ModbusLink {
    func ending(of request: ReadRequest, timeout: Duration = .milliseconds(300)) async -> Ending {
        do throws(BusError) {
            switch try await transact(request, timeout: timeout, pause: .zero).outcome {
            case .words(let words): return .words(words)
            case .exception(let exception): return .exception(exception.code)
            }
        } catch {
            return .failed(error.kind)
        }
    }
}

/// Opens the link, lends it, and closes it.
func withLink<Result>(
    _ endpoint: BusEndpoint, timeout: Duration = .milliseconds(300), yieldsLine: Bool = false,
    body: (any ModbusLink) async throws -> Result
) async throws -> Result {
    let link = try ModbusBus.link(
        for: try settings(endpoint, timeout: timeout), clock: wallClock, yieldsLine: yieldsLine)
    try await link.open()
    do {
        let result = try await body(link)
        await link.close()
        return result
    } catch {
        await link.close()
        throw error
    }
}

/// Serves while `body` runs.
func withServer<Result>(
    _ server: ModbusServer, body: (ModbusServer) async throws -> Result
) async throws -> Result {
    async let running: Void = server.run()
    do {
        let result = try await body(server)
        server.stop()
        try await running
        return result
    } catch {
        server.stop()
        try await running
        throw error
    }
}

/// A folder that is removed at the end.
func withFolder<Result>(body: (String) async throws -> Result) async throws -> Result {
    var template = Array("/tmp/koppel-test-XXXXXX".utf8CString)
    let made = try #require(mkdtemp(&template))
    let folder = String(cString: made)
    do {
        let result = try await body(folder)
        rmdir(folder)
        return result
    } catch {
        rmdir(folder)
        throw error
    }
}
