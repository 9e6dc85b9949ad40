internal import KoppelConfig
internal import KoppelCore
internal import KoppelDialects
internal import KoppelEngine

/// One destination of another party, put together: what it may see, under which names, and what looks at each message.
struct SharedDestination {
    let policy: SharingPolicy
    let view: SharedView
    let dialect: SharedDialect
    let rules: DepartureRules
    let windows: SharedWindows?

    /// `former` are the machines as they were earlier in this run. Pseudonyms are stored before anything is sent under
    /// them.
    ///
    /// - Throws: ``AuditError`` if they cannot be stored; the destination stays closed then.
    init(
        _ destination: DestinationSettings, policy: SharingPolicy, agent: AgentDescription,
        machines: [MachineDescription], former: [MachineDescription], dataFolder: String, now: Timestamp
    ) throws(AuditError) {
        self.policy = policy
        let files = try SharingFiles(dataFolder: dataFolder, destination: destination.id)
        var random = SystemRandomNumberGenerator()
        var identities = files.identities(of: policy.party) ?? SharedIdentities(party: policy.party, using: &random)
        let sharedAgent = Self.agent(agent, policy, identities)
        var shared: [SharedMachine] = []
        for machine in machines {
            let name = identities.name(of: machine.urn, using: &random)
            guard var one = SharedMachine(machine, by: policy, name: name) else { continue }
            let fingerprint = DescriptorFingerprint.of(one.provisional, agent: sharedAgent)
            let (rev, issued) = identities.revision(of: machine.urn, fingerprint: fingerprint, now: now)
            (one.description.rev, one.description.issued) = (rev, issued)
            shared.append(one)
        }
        let gone = former.compactMap { machine in
            SharedMachine(machine, by: policy, name: identities.name(of: machine.urn, using: &random))?.description
        }
        try files.store(identities)
        view = SharedView(policy: policy, machines: shared)
        let inner = DataModelDialect(
            agent: sharedAgent, machines: shared.map(\.description), former: gone, form: destination.topics)
        let session = policy.enforcement.pseudonymise.contains(.machine) ? SharedIdentities.urn(using: &random) : nil
        dialect = SharedDialect(inner, view: view, session: session)
        rules = DepartureRules(
            policy: policy,
            bases: Set(
                (shared.map(\.description) + gone).map { TopicTree.machineBase($0.location, form: destination.topics) }),
            statusTopic: TopicTree.agentStatus(sharedAgent.id, location: sharedAgent.location))
        windows = SharedWindows(view: view, memory: files)
    }

    /// Where machines have other names, the agent has one too: else two recipients could tell that they hear the same.
    private static func agent(
        _ agent: AgentDescription, _ policy: SharingPolicy, _ identities: SharedIdentities
    ) -> AgentDescription {
        var result = agent
        result.location = Array(agent.location.prefix(2))
        guard policy.enforcement.pseudonymise.contains(.machine), let id = Identifier(identities.agent.id) else {
            return result
        }
        result.id = id
        result.urn = identities.agent.urn
        return result
    }
}

extension SharedMachine {
    /// What the recipient is told, without what does not belong to its content.
    fileprivate var provisional: MachineDescription {
        var result = description
        result.rev = 1
        result.issued = Timestamp(nanoseconds: 0)
        return result
    }
}
