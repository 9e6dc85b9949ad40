/// Why a bus could not be opened, and what to do. Error numbers are those of Linux.
struct OpeningDiagnosis {
    let kind: BusError.Kind
    let endpoint: BusEndpoint

    var finding: BusFinding {
        switch kind {
        case .refused:
            return BusFinding(
                .portClosed, .certain, evidence: "\(place) refuses the connection",
                advice: "The host is there and nothing listens at this port. Check the port (Modbus TCP is 502), "
                    + "whether Modbus is enabled in the device, and whether a firewall or another master is in the way")
        case .unknownHost:
            return BusFinding(
                .unknownHost, .certain, evidence: "the name of \(place) does not resolve",
                advice: "Write the IP address in the url, or repair the name service of this box")
        case .unusable(let sentence):
            return BusFinding(.unusable, .certain, evidence: sentence, advice: "Correct the url of the bus")
        case .portInUse(let holder): return busy(holder: holder)
        case .linkDown(let errno): return linkDown(errno)
        case .timeout, .answerOutstanding, .badFrame:
            return silent
        }
    }

    private func linkDown(_ errno: Int32) -> BusFinding {
        switch errno {
        case 2, 6, 19:
            return BusFinding(
                .portMissing, .certain, evidence: "\(place) does not exist",
                advice: "Plug the adapter in, and take its name from: ls -l /dev/serial/by-id/")
        case 1, 13:
            return BusFinding(
                .noPermission, .certain, evidence: "\(place) may not be opened by this user",
                advice: "Add the user to the group of the port: sudo usermod -a -G dialout USER, and log in again")
        case 11, 16: return busy(holder: "another program")
        case 110: return silent
        case 101, 113:
            return BusFinding(
                .hostSilent, .certain, evidence: "there is no way to \(place)",
                advice: "Check the address, the network mask and gateway of this box, and the cable")
        case 32, 104:
            return BusFinding(
                .hangsUp, .certain, evidence: "\(place) ends the connection at once",
                advice: "Close other programs that are connected to it, and look for an access list")
        default:
            return BusFinding(
                .unusable, .certain, evidence: "\(place) cannot be opened (error \(errno))",
                advice: "Pull the adapter, plug it in again, and look into: journalctl -k")
        }
    }

    private func busy(holder: String) -> BusFinding {
        BusFinding(
            .portBusy, .certain, evidence: "\(holder) uses \(place)",
            advice: "Stop the agent first (sudo systemctl stop koppel), or find the program with: sudo fuser \(place)")
    }

    private var silent: BusFinding {
        BusFinding(
            .hostSilent, .certain, evidence: "\(place) does not reply to connecting",
            advice: "Check that the device has power and is on this network (ping), its IP address, the cable, and "
                + "whether a firewall drops the connection")
    }

    private var place: String {
        switch endpoint {
        case .tcp(let host, let port), .rtuOverTCP(let host, let port, _): "\(host):\(port)"
        case .rtu(let device, _): device
        }
    }
}
