import KoppelCore
import KoppelModbus
import KoppelTestKit
import Testing

/// Against a second, independent implementation of Modbus.
@Suite(
    .timeLimit(.minutes(5)),
    .enabled("pymodbus is not installed: pip install pymodbus pyserial") {
        await PythonServer.has(module: "pymodbus.simulator, serial")
    })
struct PymodbusTests {
    /// Registers hold their own address; unit 1 only.
    private static func script(_ server: String) -> String {
        """
        import asyncio, sys
        from pymodbus import FramerType
        from pymodbus.server import ModbusTcpServer, ModbusSerialServer
        from pymodbus.simulator import SimData, SimDevice, DataType
        words = SimDevice(id=1, simdata=[SimData(0, values=list(range(500)), datatype=DataType.REGISTERS)])
        async def main():
            server = \(server)
            await server.serve_forever(background=True)
            port = server.transport.sockets[0].getsockname()[1] if hasattr(server.transport, "sockets") else 0
            print(port, flush=True)
            await asyncio.sleep(60)
        asyncio.run(main())
        """
    }

    private func check(_ link: any ModbusLink) async throws {
        for (start, count) in [(0, 1), (17, 2), (375, 125)] {
            let expected = (start..<start + count).map { UInt16($0) }
            for table in [RegisterTable.holdingRegister, .inputRegister] {
                let ending = try await link.ending(
                    of: request(UInt16(start), count, table: table), timeout: .seconds(2))
                #expect(ending == .words(expected))
            }
        }
        #expect(try await link.ending(of: request(499, 2), timeout: .seconds(2)) == .exception(2))
        #expect(try await link.ending(of: request(499, 1), timeout: .seconds(2)) == .words([499]))
    }

    @Test func `Modbus TCP against pymodbus`() async throws {
        let script = Self.script(#"ModbusTcpServer(words, address=("127.0.0.1", 0))"#)
        try await PythonServer.run(["-c", script]) { line in
            let port = try #require(UInt16(line))
            try await withLink(.tcp(host: "127.0.0.1", port: port), timeout: .seconds(2)) { try await check($0) }
        }
    }

    @Test func `RTU inside TCP against pymodbus`() async throws {
        let script = Self.script(#"ModbusTcpServer(words, framer=FramerType.RTU, address=("127.0.0.1", 0))"#)
        try await PythonServer.run(["-c", script]) { line in
            let port = try #require(UInt16(line))
            try await withLink(.rtuOverTCP(host: "127.0.0.1", port: port), timeout: .seconds(2)) {
                try await check($0)
            }
        }
    }

    @Test func `Modbus RTU against pymodbus`() async throws {
        // Two pseudo-terminals, joined: pymodbus opens one far end, the link the other.
        let (ours, theirs) = (try PtyPair(), try PtyPair())
        let joint = PtyJoint(ours.near, theirs.near)
        try await joint.whileJoined {
            let server = #"ModbusSerialServer(words, port="\#(theirs.farPath)", baudrate=115200)"#
            try await PythonServer.run(["-c", Self.script(server)]) { _ in
                let line = SerialLine(baud: 115_200, parity: .none)
                try await withLink(.rtu(device: ours.farPath, line: line), timeout: .seconds(2)) { try await check($0) }
            }
        }
    }
}
