internal import CLinuxShims
internal import Glibc
internal import KoppelCore
internal import Logging

/// A serial port that is ours alone, set up as the site file says and read back from the kernel.
///
/// libmodbus sets rate, format and no flow control; the rest is done here.
struct SerialPort: ~Copyable {
    let handle: LibmodbusHandle
    let descriptor: Int32
    // After the handle, so that the port is closed before it is given free.
    private let lock: SerialPortLock

    init(
        device: String, line: SerialLine, lockFolder: String, until deadline: ContinuousClock.Instant
    ) throws(LinkFault) {
        try Self.check(line)
        let lock = try SerialPortLock(device: device, lockFolder: lockFolder)
        // A pseudo-terminal has no parity, and from the second opening on the C library refuses to set one.
        var settable = line
        if try Self.settings(lock.descriptor).is_pseudo != 0 { settable.parity = .none }
        let handle = try LibmodbusHandle.rtu(device: device, line: settable)
        try handle.connect(timeout: deadline - .now)
        let descriptor = handle.descriptor
        try lock.exclude(descriptor)
        try Self.readBack(descriptor, device, line)
        if let rs485 = line.rs485 { try Self.control(rs485, of: descriptor, device) }
        // Most adapters have no such setting, and then it changes nothing.
        let refusal = koppel_serial_low_latency(descriptor)
        if refusal != 0 {
            Logger.current.debug(
                "The port has no setting for low latency", metadata: ["port": "\(device)", "errno": "\(-refusal)"])
        }
        self.handle = handle
        self.descriptor = descriptor
        self.lock = lock
    }

    /// Refuses what libmodbus would silently change or RTU cannot carry.
    static func check(_ line: SerialLine) throws(LinkFault) {
        guard SerialLine.supportedBaudRates.contains(line.baud) else {
            let rates = SerialLine.supportedBaudRates.map(String.init).joined(separator: ", ")
            throw LinkFault(.unusable("\(line.baud) baud is not supported. Choose one of \(rates)"))
        }
        guard line.dataBits == 8, (1...2).contains(line.stopBits) else {
            throw LinkFault(
                .unusable("Modbus RTU needs 8 data bits and 1 or 2 stop bits. Change the format of the bus"))
        }
    }

    /// Compares what the kernel says with what was asked for: libmodbus turns a rate it does not know into 9600 without
    /// a word, and a driver may leave out what its hardware cannot do.
    private static func readBack(_ descriptor: Int32, _ device: String, _ line: SerialLine) throws(LinkFault) {
        let found = try settings(descriptor)
        guard Int(found.baud) == line.baud else {
            throw LinkFault(
                .unusable("\(device) runs at \(found.baud) baud when set to \(line.baud). Choose another rate"))
        }
        // A pseudo-terminal has characters and no bits.
        if found.is_pseudo != 0 { return }
        let parity = Character(UnicodeScalar(UInt8(bitPattern: found.parity)))
        let format = "\(found.data_bits)\(parity)\(found.stop_bits)"
        guard format == line.format else {
            throw LinkFault(
                .unusable("\(device) runs with \(format) when set to \(line.format). Choose another format"))
        }
        guard found.flow_control == 0 else {
            throw LinkFault(
                .unusable("\(device) keeps flow control on, which holds answers up. Use another adapter or driver"))
        }
    }

    private static func settings(_ descriptor: Int32) throws(LinkFault) -> koppel_serial {
        var found = koppel_serial()
        let result = unsafe koppel_serial_settings(descriptor, &found)
        guard result == 0 else { throw .down(-result) }
        return found
    }

    private static func control(_ rs485: RS485, of descriptor: Int32, _ device: String) throws(LinkFault) {
        let result = koppel_serial_rs485(
            descriptor, rs485.rtsOnSend ? 1 : 0, UInt32(clamping: rs485.delayBeforeSend.wholeNanoseconds / 1_000_000),
            UInt32(clamping: rs485.delayAfterSend.wholeNanoseconds / 1_000_000))
        guard result == 0 else {
            throw LinkFault(
                .unusable(
                    "the driver of \(device) does not switch direction itself (errno \(-result)). Take rs485 out of the "
                        + "url if the adapter switches by itself, as USB adapters do; else use a port that can"))
        }
    }
}
