import Glibc
import KoppelCore
import KoppelTestKit
import Testing

@testable import KoppelModbus

/// Getting a serial port, keeping it, and being told who has it.
@Suite(.timeLimit(.minutes(5)))
struct SerialPortTests {
    static let line = SerialLine(baud: 19_200, parity: .none)

    private func open(_ path: String) async throws -> BusError? {
        let link = try ModbusBus.link(for: settings(.rtu(device: path, line: Self.line)), clock: wallClock)
        do throws(BusError) {
            try await link.open()
            await link.close()
            return nil
        } catch {
            return error
        }
    }

    @Test(.enabled(if: isInstalled("socat")))
    func `R14: a program that has the port open without any lock is told by name and process`() async throws {
        let pair = try PtyPair()
        try await withChildProcess(["socat", "-u", "OPEN:\(pair.farPath)", "OPEN:/dev/null"]) { socat in
            let end = ContinuousClock.now + .seconds(60)
            // Until socat has the port: nothing tells, so it is looked for, up to the deadline.
            while PortHolder.other(of: pair.farPath) == nil, .now < end { try await Task.sleep(for: .milliseconds(5)) }
            let error = try await open(pair.farPath)
            #expect(error?.kind == .portInUse(by: "socat (process \(socat.id))"))
            #expect(error?.recovery == .reopen)
            #expect(error?.description.contains("Stop that program") == true)
        }
        #expect(try await open(pair.farPath) == nil)
    }

    @Test func `R14: the lock file of a living program is respected`() async throws {
        let pair = try PtyPair()
        try await withFolder { folder in
            let file = "\(folder)/LCK..\(pair.farPath.dropFirst(5).replacing("/", with: "_"))"
            try await withChildProcess(["sleep", "60"]) { child in
                try write(String(repeating: " ", count: 10 - "\(child.id)".count) + "\(child.id)\n", to: file)
                let error = #expect(throws: LinkFault.self) {
                    _ = try SerialPortLock(device: pair.farPath, lockFolder: folder)
                }
                #expect(error == LinkFault(.portInUse(by: "sleep (process \(child.id))")))
            }
            unlink(file)
        }
    }

    @Test(arguments: ["", "999999999\n", "   3999999\n", "nonsense", "\u{1}\u{0}\u{0}\u{0}"])
    func `R14: the lock file of a program that is gone is taken over, and removed at the end`(content: String)
        async throws
    {
        let pair = try PtyPair()
        try await withFolder { folder in
            let file = "\(folder)/LCK..\(pair.farPath.dropFirst(5).replacing("/", with: "_"))"
            try write(content, to: file)
            // Process 1 lives everywhere, so its four bytes are respected.
            if content.unicodeScalars.first == "\u{1}" {
                #expect(throws: LinkFault.self) { _ = try SerialPortLock(device: pair.farPath, lockFolder: folder) }
                unlink(file)
                return
            }
            try hold(pair.farPath, folder, file)
            #expect(access(file, F_OK) != 0)
        }
    }

    private func hold(_ port: String, _ folder: String, _ file: String) throws {
        let lock = try SerialPortLock(device: port, lockFolder: folder)
        let text = try read(file)
        #expect(text.utf8.count == 11)
        #expect(text.hasSuffix("\(getpid())\n"))
        _ = consume lock
    }

    @Test func `P12: without a folder for lock files the port is kept by the other locks`() throws {
        let pair = try PtyPair()
        let lock = try SerialPortLock(device: pair.farPath, lockFolder: "/nowhere")
        #expect(throws: LinkFault.self) { _ = try SerialPortLock(device: pair.farPath, lockFolder: "/nowhere") }
        _ = consume lock
    }

    @Test func `a pseudo-terminal, which has no parity, can be opened again with one`() async throws {
        let pair = try PtyPair()
        let link = try ModbusBus.link(
            for: settings(.rtu(device: pair.farPath, line: SerialLine(parity: .even))), clock: wallClock)
        for _ in 0..<3 {
            let end = ContinuousClock.now + .seconds(60)
            var ending: BusError.Kind?
            repeat {
                do throws(BusError) {
                    try await link.open()
                    ending = nil
                } catch {
                    ending = error.kind
                }
                // A child that another test has just made still holds what was open here, for a moment.
            } while ending == .portInUse(by: "another bus or program") && .now < end
            #expect(ending == nil)
            await link.close()
        }
    }

    @Test func `P05: a driver that does not switch direction is told with what to do`() async throws {
        let pair = try PtyPair()
        var line = Self.line
        line.rs485 = RS485()
        let link = try ModbusBus.link(for: settings(.rtu(device: pair.farPath, line: line)), clock: wallClock)
        let error = await #expect(throws: BusError.self) { try await link.open() }
        #expect(error?.recovery == .giveUp)
        #expect(error?.description.contains("Take rs485 out of the url") == true)
    }

    @Test func `R15: a port without permission is waited for, and the text says what to do`() async {
        await #expect(processExitsWith: .success) {
            let pair = try PtyPair()
            guard chmod(pair.farPath, 0) == 0 else { exit(2) }
            if geteuid() == 0 { guard seteuid(65_534) == 0 else { exit(3) } }
            let line = SerialLine(baud: 19_200, parity: .none)
            let link = try ModbusBus.link(for: settings(.rtu(device: pair.farPath, line: line)), clock: wallClock)
            do throws(BusError) {
                try await link.open()
                exit(4)
            } catch {
                guard error.kind == .linkDown(errno: EACCES), error.recovery == .reopen else { exit(5) }
                exit(error.description.contains("add the user to the group of the port") ? 0 : 6)
            }
        }
    }

    private func write(_ text: String, to path: String) throws {
        let file = try #require(fopen(path, "w"))
        fputs(text, file)
        if text.utf8.contains(0) {
            rewind(file)
            _ = Array(text.utf8).withUnsafeBytes { fwrite($0.baseAddress, 1, $0.count, file) }
        }
        fclose(file)
    }

    private func read(_ path: String) throws -> String {
        let file = try #require(fopen(path, "r"))
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = fread(&bytes, 1, 64, file)
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }
}
