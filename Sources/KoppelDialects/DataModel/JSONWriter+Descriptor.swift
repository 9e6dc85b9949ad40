internal import KoppelCore

/// The descriptor of a machine: everything that rarely changes (data model 3.3, 3.4 and 3.12 c).
extension JSONWriter {
    mutating func descriptor(of machine: MachineDescription, agent: AgentDescription, links: [ExportTopic] = []) {
        openObject()
        key("@context")
        openArray()
        string(DataModel.context)
        closeArray()
        member("@id", machine.urn)
        member("@type", "Machine")
        member("cdm", DataModel.version)
        key("rev")
        unsigned(UInt64(machine.rev))
        key("issued")
        time(machine.issued)
        member("agent", agent.urn)
        member("globalAssetId", machine.globalAssetID)
        key("title")
        localized(machine.title.isEmpty ? ["en": machine.id.description] : machine.title)
        location(machine.location)
        nameplate(machine.nameplate)
        if !machine.hidesSource {
            key("source")
            openObject()
            member("protocol", machine.fieldProtocol.rawValue)
            member("profile", machine.profile.description)
            member("profileVersion", machine.profileVersion)
            closeObject()
        }
        key("signals")
        openArray()
        for signal in machine.signals { describe(signal) }
        closeArray()
        if !links.isEmpty {
            key("links")
            openObject()
            for link in links { member(link.link, link.rawValue) }
            closeObject()
        }
        closeObject()
    }

    private mutating func location(_ levels: [LocationLevel]) {
        key("location")
        openArray()
        for level in levels {
            separate()
            openObject()
            member("level", level.level)
            member("id", level.id.description)
            member("name", level.name)
            closeObject()
        }
        closeArray()
    }

    private mutating func nameplate(_ nameplate: Nameplate) {
        key("nameplate")
        openObject()
        member("manufacturer", nameplate.manufacturer)
        member("model", nameplate.model)
        member("productCode", nameplate.productCode)
        member("serialNumber", nameplate.serialNumber)
        member("uriOfTheProduct", nameplate.uriOfTheProduct)
        member("yearOfConstruction", nameplate.yearOfConstruction)
        member("assetTag", nameplate.assetTag)
        closeObject()
    }

    private mutating func describe(_ signal: SignalDescription) {
        separate()
        openObject()
        member("name", signal.name.description)
        // From 1, since 0 reads as "no alias" in Sparkplug hosts.
        key("alias")
        unsigned(UInt64(signal.number.rawValue) + 1)
        if !signal.label.isEmpty {
            key("label")
            localized(signal.label)
        }
        member("kind", signal.kind.rawValue)
        member("quantityKind", QuantityKind.iri(signal.quantityKind, unit: signal.unit))
        if let unit = signal.unit {
            key("unit")
            openObject()
            member("ucum", unit.ucum)
            if let code = unit.unece { member("unece", code) }
            member("qudt", "http://qudt.org/vocab/unit/" + unit.qudt)
            closeObject()
        }
        member("dataType", signal.dataType.rawValue)
        member("access", "r")
        if !signal.semanticIDs.isEmpty {
            key("semanticId")
            openArray()
            for iri in signal.semanticIDs {
                separate()
                string(iri)
            }
            closeArray()
        }
        member("mtconnect", signal.mtconnect)
        key("range", signal.range)
        key("limits", signal.limits)
        enumeration(signal.enumeration)
        counter(signal.counter)
        sampling(of: signal)
        closeObject()
    }

    private mutating func key(_ name: StaticString, _ band: Band?) {
        guard let band, band.low.isFinite, band.high.isFinite else { return }
        key(name)
        openObject()
        key("low")
        number(band.low)
        key("high")
        number(band.high)
        closeObject()
    }

    private mutating func enumeration(_ names: [Int64: String]) {
        guard !names.isEmpty else { return }
        key("enum")
        openObject()
        for (raw, name) in names.sorted(by: { $0.key < $1.key }) {
            key(text: String(raw))
            string(name)
        }
        closeObject()
    }

    private mutating func counter(_ rule: CounterRule?) {
        guard let rule else { return }
        key("counter")
        openObject()
        key("modulus")
        if let modulus = rule.modulus { unsigned(modulus) } else { null() }
        member("reset", rule.reset.rawValue)
        key("maxRatePerSecond")
        number(rule.maxRatePerSecond)
        member("counts", rule.counts?.rawValue)
        closeObject()
    }

    private mutating func sampling(of signal: SignalDescription) {
        key("sampling")
        openObject()
        key("intervalMs")
        milliseconds(signal.interval)
        key("staleAfterMs")
        milliseconds(signal.staleAfter)
        key("badAfterMs")
        milliseconds(signal.badAfter)
        if signal.deadband.isFinite {
            key("deadband")
            number(signal.deadband)
        }
        closeObject()
    }

    /// Whole milliseconds, at least the 10 that the schema allows.
    private mutating func milliseconds(_ duration: Duration) {
        unsigned(UInt64(max(10, (duration.wholeNanoseconds / 1_000 + 500) / 1_000)))
    }

    /// A text in several languages, in the order of the tags so that equal descriptors are equal bytes.
    private mutating func localized(_ text: LocalizedText) {
        openObject()
        for (language, words) in text.sorted(by: { $0.key < $1.key }) {
            key(text: language)
            string(words)
        }
        closeObject()
    }

    /// A member with a text; nothing if there is none.
    mutating func member(_ name: StaticString, _ text: String?) {
        guard let text else { return }
        key(name)
        string(text)
    }
}
