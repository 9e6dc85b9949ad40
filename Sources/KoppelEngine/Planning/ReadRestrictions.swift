package import KoppelCore

/// What a unit was seen to mind in a read, beyond what its profile says (field rules P28, P30, P32).
package struct ReadRestrictions: Hashable, Sendable {
    /// The boundary before an address, which no read that could be cut there crosses.
    package struct Cut: Hashable, Sendable {
        package let table: RegisterTable
        package let before: Int

        package init(table: RegisterTable, before: Int) {
            self.table = table
            self.before = before
        }
    }

    /// Addresses that no read runs across. A point that lies in them is asked for in a read of its own, so that its
    /// failure is nobody else's.
    package var unreadable: [RegisterSpan]
    package var cuts: [Cut]
    /// The most one request may ask for, by table. What has to come from one answer is read whole all the same.
    package var longest: [RegisterTable: Int]

    package init(unreadable: [RegisterSpan] = [], cuts: [Cut] = [], longest: [RegisterTable: Int] = [:]) {
        self.unreadable = unreadable
        self.cuts = cuts
        self.longest = longest
    }
}
