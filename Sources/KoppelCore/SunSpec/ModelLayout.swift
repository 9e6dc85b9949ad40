/// Which SunSpec models a profile reads, and how they lie in an example device.
///
/// Planning, simulation, vectors and exports use the example's addresses; a running agent those it finds in the device.
package struct ModelLayout: Hashable, Sendable {
    package struct Wanted: Hashable, Sendable {
        /// The models of the same layout, of which the first one in the device is read. The points name the first of
        /// these. At least one.
        package var ids: [UInt16]
        /// Registers behind id and length in the example.
        package var length: UInt16
        /// True if a device may lack it; its signals are not supported then. A device that lacks another one is of
        /// another kind.
        package var isOptional: Bool

        package init(ids: [UInt16], length: UInt16, isOptional: Bool = false) {
            self.ids = ids
            self.length = length
            self.isOptional = isOptional
        }
    }

    /// The zero-based data address of the marker in the example.
    package var base: UInt16
    package var models: [Wanted]

    package init(base: UInt16 = ChainWalk.usualBase, models: [Wanted]) {
        self.base = base
        self.models = models
    }

    /// The example device.
    package var example: ModelChain {
        ModelChain(base: base, ids: models.compactMap { wanted in wanted.ids.first.map { ($0, wanted.length) } })
    }
}

/// Where a point lies in its SunSpec model.
package struct ModelPlace: Hashable, Sendable {
    /// The first id of its ``ModelLayout/Wanted``.
    package var model: UInt16
    /// Registers from the model's id: the id itself is 0, the length 1.
    package var offset: UInt16

    package init(model: UInt16, offset: UInt16) {
        self.model = model
        self.offset = offset
    }
}
