import KoppelCore
import KoppelTestKit
import Testing

@testable import KoppelModbus

struct CodecTests {
    @Test(arguments: RegisterTable.allCases)
    func `X04: a request read back is the request that was sent, and it only reads`(_ table: RegisterTable) throws {
        var random = SeededGenerator(seed: 11)
        for _ in 0..<500 {
            let request = try #require(ReadRequest.any(of: table, using: &random))
            let pdu = RequestPDU(request).bytes
            let back = RequestPDU.read(unit: request.unit.rawValue, pdu: pdu.span)
            #expect(back == request)
            #expect((1...4).contains(pdu[0]))  // X04: nothing that writes can be made
        }
    }

    @Test(arguments: RegisterTable.allCases)
    func `P31b: any answer of any table and length comes back as it was, bit by bit`(_ table: RegisterTable) throws {
        var random = SeededGenerator(seed: 12)
        for count in [1, 2, 7, 8, 9, 15, 16, 17, 124, 125, 1_999, 2_000] where count <= table.protocolLimit {
            let request = try #require(ReadRequest(unit: UnitID(1), table: table, start: 0, count: count))
            let words = (0..<count).map { _ in UInt16.random(in: 0...(table.isBits ? 1 : .max), using: &random) }
            let pdu = AnswerPDU.bytes(.words(words), to: table)
            let answer = AnswerPDU(pdu.span, to: request)
            #expect(answer == .outcome(.words(words)))
        }
    }

    @Test(arguments: UInt8.min...UInt8.max)
    func `F22: every exception code is an answer, also those outside the standard`(_ code: UInt8) throws {
        let request = try #require(ReadRequest(unit: UnitID(1), table: .inputRegister, start: 0, count: 2))
        let pdu: [UInt8] = [0x84, code]
        let answer = AnswerPDU(pdu.span, to: request)
        #expect(answer == .outcome(.exception(ModbusException(code: code))))
    }

    @Test func `F19: a header with another protocol or an impossible length is broken at once`() {
        let vectors: [(bytes: [UInt8], scan: MBAP.Scan)] = [
            ([0, 1, 0, 0, 0], .incomplete),
            ([0, 1, 0, 1], .broken),
            ([0, 1, 1], .broken),
            ([0, 1, 0, 0, 0, 1], .broken),
            ([0, 1, 0, 0, 0, 255], .broken),
            ([0, 1, 0, 0, 0xFF, 0xFF], .broken),
            ([0, 1, 0, 0, 0, 3, 9, 0x83], .incomplete),
            ([0, 1, 0, 0, 0, 3, 9, 0x83, 2, 0], .frame(MBAP.Frame(transaction: 1, unit: 9, length: 9))),
        ]
        for vector in vectors {
            let scan = MBAP.scan(vector.bytes.span)
            #expect(scan == vector.scan)
        }
    }
}

extension ReadRequest {
    static func any(of table: RegisterTable, using random: inout some RandomNumberGenerator) -> ReadRequest? {
        let count = Int.random(in: 1...table.protocolLimit, using: &random)
        return ReadRequest(
            unit: UnitID(.random(in: 0...255, using: &random)), table: table,
            start: .random(in: 0...UInt16(65_536 - count), using: &random), count: count)
    }
}
