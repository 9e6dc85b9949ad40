/// Whether a sharing policy may be acted upon: every term of the agreement must be understood, and what the agent
/// enforces must lie within it (data model 3.17). Pure; what it does not know is a no.
///
/// Terms of ODRL 2.2 are known with the prefix `odrl:`, without one, and written out.
package struct PolicyJudgement {
    /// What the site file says around the policy.
    package struct Surroundings: Sendable {
        package var destination: Identifier
        /// The window of `_oee`.
        package var window: Duration

        package init(destination: Identifier, window: Duration = AgentSettings.usualWindow) {
            self.destination = destination
            self.window = window
        }
    }

    private let policy: SharingPolicy
    private let window: Duration
    private var found: [PolicyRefusal] = []
    private var asksToDelete = false

    /// Everything that keeps the destination closed; empty if nothing does.
    package static func refusals(of policy: SharingPolicy, in surroundings: Surroundings) -> [PolicyRefusal] {
        var judgement = PolicyJudgement(policy: policy, window: surroundings.window)
        if policy.destination != surroundings.destination.description {
            judgement.found.append(.otherDestination(policy.destination))
        }
        judgement.judgeEnforcement()
        if let agreement = policy.agreement {
            judgement.judge(agreement)
        } else if policy.kind != .ownBroker {
            judgement.found.append(.noAgreement)
        }
        return judgement.found
    }

    private init(policy: SharingPolicy, window: Duration) {
        self.policy = policy
        self.window = window
    }

    private mutating func judgeEnforcement() {
        let enforcement = policy.enforcement
        for function in enforcement.resolution?.functions ?? [] where function.aggregate == nil {
            found.append(.cannotEnforce(.function(function)))
        }
        if enforcement.resolution != nil, enforcement.classes.contains(.value) {
            found.append(.cannotEnforce(.valuesBesideWindows))
        }
        guard enforcement.delay > .zero else { return }
        for one in SharingPolicy.TopicClass.allCases where enforcement.classes.contains(one) {
            switch one {
            case .value, .state, .alarm: found.append(.cannotEnforce(.delayOf(one)))
            case .meta, .batch, .event, .oee: continue
            }
        }
    }

    // MARK: The agreement

    private mutating func judge(_ agreement: JSONTree) {
        let known = [
            "@context", "@type", "@id", "target", "assigner", "assignee", "timestamp", "permission", "prohibition",
            "obligation",
        ]
        refuseOthers(in: agreement, than: known, at: "agreement")
        if let type = agreement["@type"]?.text, Self.term(type) != "odrl:Agreement" {
            found.append(.notUnderstood(.term, type, path: "agreement.@type"))
        }
        if let target = text(agreement["target"]), target != policy.dataset {
            found.append(.otherDataset(agreed: target))
        }
        if let assignee = text(agreement["assignee"]), assignee != policy.party {
            found.append(.otherParty(agreed: assignee))
        }
        if let text = agreement["timestamp"].flatMap(text) {
            if let moment = Timestamp(utc: text) {
                if policy.enforcement.validFrom < moment {
                    found.append(.earlierThanAgreed(moment, path: "agreement.timestamp"))
                }
            } else {
                found.append(.notUnderstood(.value, text, path: "agreement.timestamp"))
            }
        }
        for (rule, path) in rules(agreement["permission"], at: "agreement.permission") {
            judge(rule, at: path, actions: ["odrl:use"]) { $0.judgePermission($1, $2, $3, at: $4) }
        }
        for (rule, path) in rules(agreement["prohibition"], at: "agreement.prohibition") {
            // What the recipient may not do binds the recipient; with a condition it would bind it only at times.
            judge(rule, at: path, actions: ["odrl:distribute", "kpl:reidentify"]) { judgement, operand, _, _, path in
                judgement.found.append(.notUnderstood(.operand, operand, path: path))
            }
        }
        for (rule, path) in rules(agreement["obligation"], at: "agreement.obligation") {
            judge(rule, at: path, actions: ["odrl:delete"]) { $0.judgeDeletion($1, $2, $3, at: $4) }
        }
        if policy.enforcement.recipientRetention != nil, !asksToDelete {
            found.append(.keptLongerThanStated(nil, path: "enforcement.recipientRetention"))
        }
    }

    private typealias Judge = (
        inout PolicyJudgement, _ operand: String, _ operator: String, _ values: [String], _ path: String
    )
        -> Void

    /// One rule: its action, and each of its constraints.
    private mutating func judge(_ rule: JSONTree, at path: String, actions: [String], _ judge: Judge) {
        refuseOthers(
            in: rule, than: ["@type", "@id", "action", "constraint", "target", "assigner", "assignee"], at: path)
        for (key, agreed) in [("target", policy.dataset), ("assignee", policy.party)] {
            guard let given = rule[key] else { continue }
            if text(given) != agreed { found.append(.notUnderstood(.term, key, path: "\(path).\(key)")) }
        }
        let action = rule["action"].flatMap(text) ?? ""
        if !actions.contains(Self.term(action)) {
            found.append(.notUnderstood(.action, action, path: "\(path).action"))
        }
        for (constraint, path) in rules(rule["constraint"], at: "\(path).constraint") {
            let names = ["leftOperand", "operator", "rightOperand"]
            refuseOthers(in: constraint, than: names + ["@type", "@id"], at: path)
            guard let operand = constraint["leftOperand"].flatMap(text),
                let sign = constraint["operator"].flatMap(text), let right = constraint["rightOperand"],
                let values = values(right)
            else {
                found.append(.notUnderstood(.operand, constraint.compact, path: path))
                continue
            }
            judge(&self, Self.term(operand), Self.term(sign).replacingPrefix("odrl:"), values, path)
        }
    }

    private mutating func judgePermission(
        _ operand: String, _ sign: String, _ values: [String], at path: String
    ) {
        let enforcement = policy.enforcement
        switch operand {
        case "odrl:purpose":
            guard isChoice(sign, values, path) else { return }
            let agreed = values.map(Self.term)
            if Set(agreed) != Set(policy.purposes.map(Self.term)) {
                found.append(.otherPurpose(agreed: agreed, path: path))
            }
        case "odrl:recipient":
            guard isChoice(sign, values, path) else { return }
            if values != [policy.party] { found.append(.otherRecipient(agreed: values, path: path)) }
        case "odrl:dateTime":
            guard let moment = single(values, path, Timestamp.init(utc:)) else { return }
            switch sign {
            case "lteq", "lt":
                if enforcement.validUntil > moment { found.append(.longerThanAgreed(moment, path: path)) }
            case "gteq", "gt":
                if enforcement.validFrom < moment { found.append(.earlierThanAgreed(moment, path: path)) }
            default: found.append(.notUnderstood(.operator, sign, path: path))
            }
        case "kpl:temporalResolution":
            guard let agreed = single(values, path, Duration.init(iso8601:)) else { return }
            guard ["gteq", "gt", "eq"].contains(sign) else {
                found.append(.notUnderstood(.operator, sign, path: path))
                return
            }
            judgeResolution(agreed, sign, at: path)
        default: found.append(.notUnderstood(.operand, operand, path: path))
        }
    }

    private mutating func judgeResolution(_ agreed: Duration, _ sign: String, at path: String) {
        let given = policy.enforcement.resolution?.window
        func holds(_ window: Duration) -> Bool {
            switch sign {
            case "eq": window == agreed
            case "gt": window > agreed
            default: window >= agreed
            }
        }
        let classes = policy.enforcement.classes
        if classes.contains(.batch) || classes.contains(.value), given.map(holds) != true {
            found.append(.finerThanAgreed(agreed, given: given, class: nil, path: path))
        }
        for one in SharingPolicy.TopicClass.allCases where classes.contains(one) {
            switch one {
            case .state, .event, .alarm:
                found.append(.finerThanAgreed(agreed, given: nil, class: one, path: path))
            case .oee:
                if !holds(window) { found.append(.finerThanAgreed(agreed, given: window, class: one, path: path)) }
            case .meta, .value, .batch: continue
            }
        }
    }

    private mutating func judgeDeletion(_ operand: String, _ sign: String, _ values: [String], at path: String) {
        guard operand == "odrl:delayPeriod" else {
            found.append(.notUnderstood(.operand, operand, path: path))
            return
        }
        guard let agreed = single(values, path, Duration.init(iso8601:)) else { return }
        guard ["eq", "lteq", "lt"].contains(sign) else {
            found.append(.notUnderstood(.operator, sign, path: path))
            return
        }
        asksToDelete = true
        if let stated = policy.enforcement.recipientRetention, agreed > stated {
            found.append(.keptLongerThanStated(agreed, path: path))
        }
    }

    // MARK: Terms

    private mutating func isChoice(_ sign: String, _ values: [String], _ path: String) -> Bool {
        if sign == "eq" && values.count == 1 || sign == "isAnyOf" && !values.isEmpty { return true }
        found.append(.notUnderstood(.operator, sign, path: path))
        return false
    }

    private mutating func single<Value>(_ values: [String], _ path: String, _ read: (String) -> Value?) -> Value? {
        if values.count == 1, let value = read(values[0]) { return value }
        found.append(.notUnderstood(.value, values.joined(separator: ", "), path: path))
        return nil
    }

    private mutating func refuseOthers(in tree: JSONTree, than known: [String], at path: String) {
        guard case .object(let members) = tree else {
            found.append(.notUnderstood(.term, tree.compact, path: path))
            return
        }
        for member in members where !known.contains(member.name) {
            found.append(.notUnderstood(.term, member.name, path: "\(path).\(member.name)"))
        }
    }

    private func rules(_ tree: JSONTree?, at path: String) -> [(JSONTree, String)] {
        switch tree {
        case nil, .null: []
        case .array(let items): items.enumerated().map { ($1, "\(path).\($0 + 1)") }
        case let one?: [(one, path)]
        }
    }

    /// A text, or the `@id` of a reference.
    private func text(_ tree: JSONTree?) -> String? { tree?.text ?? tree?["@id"]?.text }

    /// What a right operand says: texts, `@id`s or `@value`s, one or a list; `nil` if it is anything else.
    private func values(_ tree: JSONTree) -> [String]? {
        if case .array(let items) = tree {
            let all = items.compactMap(values)
            return all.count == items.count ? all.flatMap { $0 } : nil
        }
        return (tree.text ?? tree["@id"]?.text ?? tree["@value"]?.text).map { [$0] }
    }

    private static let vocabularies = [
        ("http://www.w3.org/ns/odrl/2/", "odrl:"), ("https://koppel.example/cdm/1/vocab#", "kpl:"),
    ]

    /// A term with the prefix of its vocabulary.
    static func term(_ text: String) -> String {
        for (iri, prefix) in vocabularies where text.hasPrefix(iri) { return prefix + text.dropFirst(iri.count) }
        return text.utf8.contains(UInt8(ascii: ":")) || text.isEmpty ? text : "odrl:" + text
    }
}

extension String {
    fileprivate func replacingPrefix(_ prefix: String) -> String {
        hasPrefix(prefix) ? String(dropFirst(prefix.count)) : self
    }
}
