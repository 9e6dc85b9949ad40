internal import KoppelCore

/// Reads references to secrets and to the files beside them. The secret itself is never read here.
struct SecretReader {
    let files: any ConfigFiles

    /// `{file: PATH}` or `{env: NAME}`; anything else is refused without repeating it (fault A23, X06).
    func read(_ field: Field, name: String) -> SecretReference? {
        let hint = "Write \(name): {file: PATH} or \(name): {env: NAME}; systemd credentials are files too."
        guard field.isMapping else {
            // The text is a secret, so it is not repeated in the message.
            field.error("a \(name) never stands in the file itself", hint: hint)
            return nil
        }
        guard let section = field.section(SiteShape.secretPlace) else { return nil }
        switch (section["file"], section["env"]) {
        case (let file?, nil):
            guard let path = path(file) else { return nil }
            checkSecret(path, file)
            return .file(path: path)
        case (nil, let variable?):
            guard let text = variable.string() else { return nil }
            let isName = text.utf8.allSatisfy { isLetterOrDigit($0) || $0 == UInt8(ascii: "_") }
            guard isName, text.first?.isNumber == false else {
                variable.error("`\(text)` is no name of an environment variable", hint: "For example KOPPEL_PASSWORD.")
                return nil
            }
            return .environment(name: text)
        default:
            field.error("a \(name) is in one place", hint: hint)
            return nil
        }
    }

    /// A path that does not climb; relative ones start at the folder of the file that names them.
    func path(_ field: Field) -> String? {
        guard let text = field.string() else { return nil }
        guard !FilePath.climbs(text) else {
            field.error("`\(text)` climbs out with ..", hint: "Write the whole path.")
            return nil
        }
        return FilePath.resolve(text, from: FilePath.folder(of: field.file))
    }

    /// A file that may be read by anyone, such as a certificate.
    func publicFile(_ field: Field) -> String? {
        guard let path = path(field) else { return nil }
        if files.facts(path) == nil { warnMissing(path, field) }
        return path
    }

    private func checkSecret(_ path: String, _ field: Field) {
        guard let facts = files.facts(path) else { return warnMissing(path, field) }
        if facts.isFolder {
            field.error("\(path) is a folder, not a file")
        } else if facts.mode & 0o027 != 0 {
            let mode = String(facts.mode, radix: 8)
            field.error(
                "\(path) has mode 0\(mode), so others can get at the secret", hint: "chmod 600 \(path), or 640.")
        } else if facts.owner != 0, facts.owner != files.user {
            field.error(
                "\(path) belongs to another user (\(facts.owner))", hint: "It belongs to root or to the agent's user.")
        }
    }

    private func warnMissing(_ path: String, _ field: Field) {
        field.warning("there is no file \(path) now", hint: "The destination cannot connect until it is there.")
    }
}
