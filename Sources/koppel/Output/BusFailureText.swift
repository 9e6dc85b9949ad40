internal import Foundation
internal import KoppelCore

extension BusError {
    /// What went wrong for a person at the keyboard, whose command does not try again.
    var plainText: String {
        guard case .linkDown(let errno) = kind else { return description }
        let hint =
            switch errno {
            case ENOENT: "Check the url: the port is not there"
            case EACCES, EPERM: "Add your user to the group of the port, mostly dialout"
            case EBUSY, EWOULDBLOCK: "Another program uses the port; stop the agent first"
            case EADDRINUSE: "Another program serves this address; choose another port"
            case EADDRNOTAVAIL: "This computer does not have that address"
            default: "Check cable, power and address"
            }
        let place = request.map { ", \($0)" } ?? ""
        return "bus \(bus)\(place): \(String(cString: strerror(errno))). \(hint)"
    }
}
