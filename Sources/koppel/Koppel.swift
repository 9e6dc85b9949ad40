import ArgumentParser

@main
struct Koppel: ParsableCommand {
    func run() throws {}
}
