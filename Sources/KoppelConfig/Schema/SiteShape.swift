internal import KoppelCore

/// Every key of a site file.
enum SiteShape {
    static let site = SectionShape([
        optional("koppel", "The format of this file: 1. The site file itself must say so.", .choice(["1"])),
        optional("agent", "The agent: who it is and where it keeps its data.", .section(agent)),
        optional(
            "buses", "Serial lines and network endpoints with Modbus units behind them, by a name you choose.",
            .either([entries(of: .section(bus)), .nothing])),
        optional(
            "machines", "The machines that are read, by an id you choose; the id is the end of their topics.",
            .either([entries(of: .section(machine)), .nothing])),
        optional(
            "destinations", "The brokers that get readings, by a name you choose.",
            .either([entries(of: .section(destination)), .nothing])),
        optional("page", "The local status page.", .section(page)),
        optional(
            "include", "Folders, beside or below this file, whose *.yaml files belong to the site too.",
            .oneOrList(.text())),
    ])

    private static func entries(of value: ValueShape) -> ValueShape {
        .entries(pattern: ValueShape.identifierPattern, of: value)
    }

    // MARK: Agent

    static let agent = SectionShape([
        required("id", "The id of this box; it stands in its status topic.", .identifier),
        required("location", "The company and the site this box stands at.", .section(place)),
        optional("data", "The folder of journal and identity. Default /var/lib/koppel.", .text()),
        optional("journal", "How much is kept, and how safely.", .section(journal)),
        optional(
            "clock", "isolated on a plant without a time server: then an unsynchronised clock is no reason for doubt.",
            .choice(["isolated", "synchronised"])),
        optional(
            "profiles", "Folders with your own device profiles. Default /etc/koppel/devices.", .oneOrList(.text())),
        optional(
            "shutdown", "How long a stop may take. Default 10s.", .duration(.seconds(1) ... .seconds(600))),
        optional(
            "window", "How long a window of states and counts is; a day holds a whole number of them. Default 15min.",
            .duration(.seconds(1) ... .seconds(86_400))),
    ])

    static let place = SectionShape([
        required("enterprise", "The id of the company, or {id, name}.", level),
        required("site", "The id of the site, or {id, name}.", level),
    ])

    /// One level of a location: its id, or its id and its name.
    static let level = ValueShape.either([.identifier, .section(namedLevel)])

    static let namedLevel = SectionShape([
        required("id", "The id; it stands in topics.", .identifier),
        optional("name", "The name for people.", .text()),
    ])

    static let journal = SectionShape([
        optional("limit", "The most it takes on disk. Default 2GiB.", .size(1 << 20...1 << 50)),
        optional(
            "keep", "The oldest a reading gets before it is dropped. Default 30d.",
            .duration(.seconds(60) ... .seconds(3_660 * 86_400))),
        optional(
            "durability", "power: a stored reading survives a power cut. process: it survives the end of the program.",
            .choice(["power", "process"])),
        optional("free-space-floor", "What stays free on the disk. Default 200MiB.", .size(0...1 << 50)),
    ])

    static let page = SectionShape([
        required(
            "listen", "A loopback address and a port, for example 127.0.0.1:8470.", .text(pattern: ":[0-9]+$"))
    ])

    // MARK: Buses and machines

    static let bus =
        SectionShape([
            required(
                "url",
                "tcp://HOST:PORT, rtu+tcp://HOST:PORT?baud=9600&format=8N1, or rtu:/dev/...?baud=9600&format=8N1.",
                .text(pattern: "^(tcp://|rtu\\+tcp://|rtu:)")),
            optional(
                "timeout", "How long an answer may take. Default 1s.", .duration(.milliseconds(10) ... .seconds(60))),
            optional(
                "connection", "per-sweep: connect for each round of readings and hang up after it.",
                .choice(BusConnection.self)),
            optional(
                "admission", "warn: use a plan that asks more than the bus can carry, with slots missed all the time.",
                .choice(BusAdmission.self)),
            optional("simulated", "true: the readings of all its machines are marked as simulated.", .flag),
        ]) + polling

    /// Buses and machines have the same keys, whatever the profile (field rule P07).
    static let polling = SectionShape([
        optional(
            "share", "The share of bus time that a dead unit may cost the others. Default 10%.", .percentage(1...100)),
        optional("retries", "How often a lost answer is asked for once more. Default 1.", .integer(0...5)),
    ])

    static let machine =
        SectionShape([
            required("bus", "The bus it is on.", .text()),
            required("unit", "Its unit id: 1 to 247; over TCP often 1 or 255.", .integer(0...255)),
            required("profile", "vendor/model of the library, or ./FILE.yaml beside this file.", .text()),
            optional("location", "Where it stands: levels below the site, in order.", .section(levels)),
            optional("every", "How often it is read. 0s means as fast as the bus takes it.", pollInterval),
            optional(
                "signals", "Choose, override and add signals, by name or by a pattern such as electrical/thd-*.",
                .entries(pattern: "/|\\*", of: signal)),
            optional("title", "Its name for people, or a name for each language.", .localizedText),
            optional("nameplate", "What its type plate says.", .section(nameplate)),
            optional("sunspec", "Which of several SunSpec devices behind this unit id it is.", .section(sunspec)),
            optional("simulated", "true: its readings are marked as simulated.", .flag),
            optional(
                "timeout", "How long its answer may take, in place of what profile and bus say.",
                .duration(.milliseconds(10) ... .seconds(60))),
            optional(
                "pause", "Silence before each question to it.", .duration(.zero ... .seconds(10), zero: true)),
        ]) + polling

    /// The ISA-95 levels below a site by their key in a site file (data model 3.3, OPC 10030).
    static let levels = SectionShape(
        MachineReader.levels.sorted { $0.key < $1.key }.map {
            optional($0.key, "The id of this level (\($0.value) in ISA-95), or {id, name}.", level)
        })

    static let sunspec = SectionShape([
        optional(
            "device", "1 for the first one that has what the profile reads, 2 for the second. Default 1.",
            .integer(1...ModelChain.mostModels))
    ])

    static let nameplate = SectionShape([
        optional("serial-number", "The maker's serial number.", .text()),
        optional("product-code", "The maker's order code.", .text()),
        optional("year-of-construction", "The year, four digits.", .integer(1_000...9_999)),
        optional("asset-tag", "Your own number for it, at most 40 characters.", .text()),
        optional(
            "uri-of-the-product", "The maker's own IRI for this one product, as on a label after IEC 61406.",
            .text(pattern: "^[^:\\s]+:\\S+$")),
    ])

    private static let interval = ValueShape.duration(.milliseconds(10) ... .seconds(31 * 86_400))
    private static let pollInterval = ValueShape.duration(.milliseconds(10) ... .seconds(31 * 86_400), zero: true)

    /// What a site file says about one signal: off, on, what is different, or a point of its own.
    static let signal = ValueShape.either([
        .flag, .nothing, .section(override), .section(addedPoint),
    ])

    /// A point that stands in a site file under its signal's name.
    static let addedPoint =
        PointShape.point.without("signal")
        + SectionShape([optional("every", "How often it is read.", pollInterval)])

    static let override = SectionShape([
        optional("every", "How often it is read.", pollInterval),
        optional("deadband", "A change up to this much, in the signal's unit, is not stored.", .numberFrom(0)),
        optional("every-reading", "true: store each reading, also when nothing changed.", .flag),
        optional("heartbeat", "Store at least this often even when nothing changed. Default 60s.", interval),
        optional("stale-after", "From this age on a value is doubted.", interval),
        optional("bad-after", "From this age on a value is bad.", interval),
        optional("frozen-after", "A value that has not moved for this long is doubted.", interval),
        optional(
            "max-change-per-second", "A faster change, in the signal's unit per second, is doubted.",
            .numberFrom(0, excluding: true)),
        optional("label", "Its name for people, or a name for each language.", .localizedText),
        optional("range", "The normal working band: outside it a value is doubted.", .section(band)),
        optional("limits", "The physically possible band: outside it a value is bad.", .section(band)),
        optional("scale", "In place of the profile's: -1 turns around what counts the other way.", .factor),
        optional("publish", "false: read it, and tell nobody.", .flag),
    ])

    static let band = SectionShape([
        required("low", "The lowest value.", .number), required("high", "The highest value.", .number),
    ])

    // MARK: Destinations

    static let destination = SectionShape([
        required("url", "mqtt://HOST:PORT or mqtts://HOST:PORT of the broker.", .text(pattern: "^mqtts?://")),
        optional("tls", "Certificates, for mqtts.", .section(tls)),
        optional("user", "The user name at the broker.", .text()),
        optional("password", "Where the password is; it never stands in this file.", secret),
        optional(
            "client-id", "The client id at the broker. Default koppel- and the agent's id.",
            .text(pattern: "^[A-Za-z0-9_-]{1,128}$")),
        optional("version", "The version of MQTT. Default 5.", .choice(["5", "3.1.1"])),
        optional(
            "dialect", "The form of topics and messages. Default data-model.", .choice(["data-model", "sparkplug-b"])),
        optional("sparkplug", "Who this box is in Sparkplug; goes with that dialect.", .section(sparkplug)),
        optional(
            "publish", "What is published. Default: everything.",
            .list(of: .choice(DestinationSettings.Publication.self))),
        required(
            "share", "all for your own broker, or {policy: PATH} for another party.",
            .either([.choice(["all"]), .section(policy)])),
        optional("batch", "How history is cut into messages.", .section(batch)),
        optional(
            "window", "Messages handed over and not yet acknowledged. Default 20.", .integer(1...1_000)),
        optional("keepalive", "Default 30s.", .duration(.seconds(5) ... .seconds(3_600))),
        optional(
            "rate", "The most history takes of a thin line, for example 20kB/s.", .rate(1_000...1_000_000_000)),
        optional(
            "topics", "flat: one level for the whole place below the site, for brokers that limit the depth.",
            .choice(TopicTree.Form.self)),
        optional(
            "exports", "false: no Thing Description and asset shell of each machine, which your own broker gets.",
            .flag),
    ])

    static let sparkplug = SectionShape([
        optional("group", "The group id. Default: enterprise and site.", .text()),
        optional("node", "The edge node id. Default: the agent's id.", .text()),
        optional("primary-host", "The host whose STATE is waited for before anything goes out.", .text()),
    ])

    static let tls = SectionShape([
        optional("ca", "PEM file of the CA. Default: the system's.", .text()),
        optional("certificate", "PEM file of the box's own certificate; goes with key.", .text()),
        optional("key", "Where the private key is; goes with certificate.", secret),
    ])

    /// A secret is a reference and never a literal.
    static let secret = ValueShape.oneKey(of: secretPlace)

    static let secretPlace = SectionShape([
        optional("file", "The file that holds it, mode 600 or 640; systemd credentials are files too.", .text()),
        optional(
            "env", "The environment variable that holds it.", .text(pattern: "^[A-Za-z_][A-Za-z0-9_]*$")),
    ])

    static let policy = SectionShape([required("policy", "The file with the sharing policy.", .text())])

    static let batch = SectionShape([
        optional("readings", "Readings in one message. Default 2,000.", .integer(1...100_000)),
        optional(
            "every", "Delays messages on purpose, for thin uplinks. Default 0s.",
            .duration(.zero ... .seconds(86_400), zero: true)),
    ])
}
