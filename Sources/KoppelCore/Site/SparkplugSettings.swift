/// Who an edge node is in Sparkplug, and whether it waits for a host.
package struct SparkplugSettings: Hashable, Sendable {
    /// The group id; by default enterprise and site, joined with a colon.
    package var group: String
    /// The edge node id; by default the agent's id.
    package var node: String
    /// The host application without which nothing is sent; `nil` sends to whoever listens.
    package var primaryHost: String?

    package init(group: String, node: String, primaryHost: String? = nil) {
        self.group = group
        self.node = node
        self.primaryHost = primaryHost
    }
}
