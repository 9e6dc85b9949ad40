import Foundation
import KoppelCore
import KoppelTestKit
import Subprocess

/// Documents with what a schema has to say of each, and a validator that is none of ours.
struct SchemaJudge {
    struct Judged {
        var document: JSONTree
        /// What the schema has to say.
        var isGood: Bool
        var place: String
    }

    let schema: JSONTree
    private(set) var judged: [Judged] = []

    init(schema: JSONTree) { self.schema = schema }

    mutating func add(_ document: JSONTree, isGood: Bool, place: String) {
        judged.append(Judged(document: document, isGood: isGood, place: place))
    }

    /// What the validator says differently; empty if it agrees.
    func disagreements() async throws -> String {
        let documents = judged.map { one -> JSONTree in
            ["document": one.document, "isGood": .bool(one.isGood), "place": .string(one.place)]
        }
        let script = """
            import json, sys
            from jsonschema import Draft202012Validator as Validator
            work = json.load(open(sys.argv[1]))
            Validator.check_schema(work["schema"])
            validator = Validator(work["schema"])
            for one in work["documents"]:
                errors = [error.message[:120] for error in validator.iter_errors(one["document"])]
                if bool(errors) == one["isGood"]:
                    print("schema refuses" if errors else "schema takes", one["place"], errors[:1])
            """
        return try await said(by: script, of: ["schema": schema, "documents": .array(documents)])
    }

    /// What is wrong with files of YAML, as an editor sees them; empty if nothing.
    ///
    /// Keys become texts and dates stay texts, as in the YAML that editors read.
    func faults(in texts: [(name: String, text: String)]) async throws -> String {
        let files = texts.map { JSONTree.array([.string($0.name), .string($0.text)]) }
        let script = """
            import json, sys, yaml
            from jsonschema import Draft202012Validator as Validator
            class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
                yaml_implicit_resolvers = {
                    letter: [one for one in resolvers if one[0] != "tag:yaml.org,2002:timestamp"]
                    for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()}
            work = json.load(open(sys.argv[1]))
            validator = Validator(work["schema"])
            for name, text in work["files"]:
                document = json.loads(json.dumps(yaml.load(text, Loader)))
                for error in validator.iter_errors(document):
                    print(name, list(error.absolute_path), error.message[:200])
            """
        return try await said(by: script, of: ["schema": schema, "files": .array(files)])
    }

    /// What a Python program prints, which gets the work as a file of JSON.
    private func said(by script: String, of work: JSONTree) async throws -> String {
        let file = FileManager.default.temporaryDirectory.appending(path: "koppel-schema-\(UUID().uuidString).json")
        try Data(work.compact.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let python = PythonServer.interpreter
        let result = try await run(
            .name("env"), arguments: [python, "-c", script, file.path()], output: .string(limit: 1 << 20),
            error: .string(limit: 1 << 20))
        return result.standardOutput + result.standardError
    }
}

extension JSONTree {
    /// The document with the value at the place the keys lead to; what is on the way there is made. A number leads into
    /// a list.
    func setting(_ path: some Collection<String>, _ value: JSONTree) -> JSONTree {
        guard let first = path.first else { return value }
        if case .array(var items) = self, let index = Int(first), items.indices.contains(index) {
            items[index] = items[index].setting(path.dropFirst(), value)
            return .array(items)
        }
        var members: [Member] = []
        if case .object(let own) = self { members = own }
        let inner = (self[first] ?? .object([])).setting(path.dropFirst(), value)
        if let index = members.firstIndex(where: { $0.name == first }) {
            members[index].value = inner
        } else {
            members.append(Member(first, inner))
        }
        return .object(members)
    }

    /// The mapping without some of its keys.
    func without(_ keys: [String]) -> JSONTree {
        guard case .object(let members) = self else { return self }
        return .object(members.filter { !keys.contains($0.name) })
    }

    /// What the keys and numbers lead to.
    func at(_ path: some Collection<String>) -> JSONTree? {
        guard let first = path.first else { return self }
        if case .array(let items) = self, let index = Int(first) { return items[index].at(path.dropFirst()) }
        return self[first]?.at(path.dropFirst())
    }
}
