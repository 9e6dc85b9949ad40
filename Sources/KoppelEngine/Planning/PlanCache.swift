/// Keeps plans by what was due, since the same few sets of interval groups come round again and again.
///
/// Bounded: at most ``capacity`` plans. When it is full it starts anew, which costs one plan per set and cannot go
/// wrong. Make a new cache with each new planner.
package struct PlanCache: Sendable {
    package let capacity: Int
    private var plans: [[Int]: [PlannedRead]] = [:]

    /// - Parameter capacity: At least 1. Default 64: six intervals that meet in every way.
    package init(capacity: Int = 64) {
        precondition(capacity > 0, "A plan cache needs room for one plan.")
        self.capacity = capacity
    }

    /// The plan for a set of interval groups, given by their numbers in rising order; made only if it is not kept.
    package mutating func plan(for groups: [Int], make: () -> [PlannedRead]) -> [PlannedRead] {
        if let plan = plans[groups] { return plan }
        if plans.count >= capacity { plans.removeAll(keepingCapacity: true) }
        let plan = make()
        plans[groups] = plan
        return plan
    }
}
