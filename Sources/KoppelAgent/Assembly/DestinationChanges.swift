internal import KoppelCore

/// What becomes of the destinations when the site file is loaded again.
///
/// One whose settings and files are as they were goes on undisturbed. One that has changed goes and comes again; its
/// place in the journal stays. One that was taken out goes, and with it its place.
struct DestinationChanges: Sendable {
    let staying: [ServedDestination]
    let going: [Identifier]
    let coming: [DestinationSettings]

    /// Looks at the files of the destinations now.
    init(from running: [ServedDestination], to wanted: [DestinationSettings]) {
        let inputs = wanted.map(DestinationInputs.init)
        staying = running.filter { inputs.contains($0.inputs) }
        let keep = Set(staying.map(\.id))
        going = running.map(\.id).filter { !keep.contains($0) }
        coming = wanted.filter { !keep.contains($0.id) }
    }

    var isEmpty: Bool { going.isEmpty && coming.isEmpty }
}
