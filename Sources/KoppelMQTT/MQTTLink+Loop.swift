internal import CLibmosquitto
internal import Glibc
internal import KoppelCore
internal import KoppelExecutor

/// The loop: what happens when the socket is ready or time has passed.
extension MQTTLink {
    // MARK: Opening

    /// Takes over a handle whose socket is connected, and logs in.
    func adopt(_ connected: Connected) {
        // Too late if the deadline passed at the same moment.
        guard phase == .dialling, let taken = connected.take() else { return }
        handle = consume taken
        generation += 1
        phase = .opening
        facts = ConnectionFacts()
        deadline = .now + timing.connectTimeout
        lastHeard = .now
        silenceLimit = settings.keepalive * 3 / 2
        serve([])
    }

    /// One step towards being accepted.
    private func open(_ readiness: DescriptorWatch.Readiness) {
        if settings.tls == nil {
            if !readiness.isDisjoint(with: [.readable, .failed]) {
                if let error = diagnosis.notMQTT(handle?.peek(4) ?? []) { return lose(error) }
                guard go(handle?.read()) else { return }
            }
        } else {
            // In 2.0.11 only the read function moves the TLS handshake on, also when it is the socket's turn to be
            // written.
            guard go(handle?.read()) else { return }
        }
        guard go(handle?.write()), settle() else { return }
        // The library takes a broken socket in the middle of the handshake for one that has to wait (field rule P71).
        if phase == .opening, readiness.contains(.failed) { return lose(diagnosis.connectFailed(ECONNRESET)) }
        if phase == .opening, .now >= deadline { lose(diagnosis.noAnswer()) }
    }

    private func accepted(_ facts: ConnectionFacts, keepalive: UInt16?) {
        self.facts = facts
        if let keepalive { silenceLimit = .seconds(keepalive) * 3 / 2 }
        phase = .open
        acceptedAt = .now
        nextTick = .now + timing.tick
        guard subscribe() else { return }
        onEvent?(.connected(facts))
        report?.yield(.accepted)
    }

    /// Sends the subscriptions, which so go before anything that is published.
    private func subscribe() -> Bool {
        for filter in terms.filters {
            guard let (result, _) = handle?.subscribe(filter, qos: 1) else { return false }
            guard result.isGood else {
                lose(failure(result))
                return false
            }
        }
        return true
    }

    // MARK: Open

    private func work(_ readiness: DescriptorWatch.Readiness) {
        let now = ContinuousClock.now
        if readiness.contains(.writable) {
            window.socketTookBytes(at: now)
            guard go(handle?.write()) else { return }
        }
        if !readiness.isDisjoint(with: [.readable, .failed]) {
            guard go(handle?.read()) else { return }
            lastHeard = now
        }
        guard settle() else { return }
        if now >= nextTick { tick(now) }
    }

    private func tick(_ now: ContinuousClock.Instant) {
        nextTick = now + timing.tick
        guard go(handle?.misc()) else { return }
        window.sendQueue(bytes: handle?.undeliveredBytes ?? 0, at: now)
        if window.isOverdue(at: now) { return lose(diagnosis.acknowledgementMissing()) }
        if now - lastHeard > silenceLimit { lose(diagnosis.silent(for: silenceLimit)) }
    }

    // MARK: Closing

    /// Says the will itself, since the broker forgets it at a disconnect in order, sends DISCONNECT, and waits for both
    /// to be written, within its bound. Runs in a cancelled task.
    func closeInOrder() async {
        guard phase == .open else { return drop() }
        let isMQTT5 = settings.version == .mqtt5
        if let will = terms.will { _ = handle?.publish(will, properties: isMQTT5) }  // a broken one has a will
        guard let sent = handle?.disconnect(withWill: isMQTT5 && terms.endsWithWill) else { return drop() }
        guard sent.isGood, handle?.socket != -1 else { return drop() }
        phase = .closing
        deadline = .now + timing.disconnectTimeout
        await withCheckedContinuation { continuation in
            closed = continuation
            watch()
        }
        drop()
    }

    private func close(_ readiness: DescriptorWatch.Readiness) {
        let written = handle?.write()
        if written?.isGood != true || handle?.socket == -1 || .now >= deadline {
            thread.watch(nil)
            closed?.resume()
            closed = nil
        }
    }

    // MARK: What the library said

    /// False if the call failed or closed the socket; the connection is then lost.
    private func go(_ result: MosquittoHandle.Result?) -> Bool {
        guard let result, result.isGood, handle?.socket != -1 else {
            // The reason the broker gave comes through the inbox, and says more than the code of the call.
            if settle(), phase != .idle, let result { lose(failure(result)) }
            return false
        }
        return true
    }

    func failure(_ result: MosquittoHandle.Result) -> UplinkError {
        diagnosis.failed(
            result, complaints: handle?.complaints ?? [], accepted: phase == .open, refusal: handle?.certificateRefusal)
    }

    /// Takes what the callbacks left.
    /// - Returns: False if the connection is gone now.
    @discardableResult
    func settle() -> Bool {
        for item in handle?.takeItems() ?? [] {
            switch item {
            case .connectAnswer(code: 0, let facts, let keepalive): accepted(facts, keepalive: keepalive)
            case .connectAnswer(let code, _, _):
                lose(diagnosis.refused(code, version: settings.version))
                return false
            case .acknowledged(let packet, let code):
                guard let token = window.acknowledged(UInt16(truncatingIfNeeded: packet), at: .now) else { continue }
                // Below 0x80 is success; 0x10 only says that nobody has subscribed.
                onEvent?(
                    code < 0x80 ? .acknowledged(token) : .refused(token, Refusal(reasonCode: UInt8(clamping: code))))
            case .subscribed(_, let code) where code >= 0x80:
                lose(diagnosis.subscriptionRefused(code))
                return false
            case .subscribed: continue
            case .closed(let code) where code >= 0x80:
                lose(diagnosis.ended(code))
                return false
            case .closed: continue  // an error of the library: the call that found it returns it, too
            }
        }
        // Settled after each read, so none can have been lost for want of room.
        for message in handle?.takeMessages().messages ?? [] { onEvent?(.received(message)) }
        watch()
        return phase != .idle
    }

    // MARK: The watch

    private func serve(_ readiness: DescriptorWatch.Readiness) {
        switch phase {
        case .idle: return
        case .dialling: lose(diagnosis.lookupHangs())
        case .opening: open(readiness)
        case .open: work(readiness)
        case .closing: close(readiness)
        }
        watch()
    }

    /// Watches the socket of the handle, for writing only if something waits to be written.
    private func watch() {
        guard let socket = handle?.socket, socket != -1 else { return }
        let isOpeningTLS = phase == .opening && settings.tls != nil
        // libmosquitto 2.0.11 wants to write during the whole TLS handshake, which would spin (field rule P71).
        let wantsWrite = !isOpeningTLS && handle?.wantsWrite == true
        let next =
            switch phase {
            case .open: nextTick
            case .opening where isOpeningTLS: min(deadline, .now + .milliseconds(50))
            default: deadline
            }
        thread.watch(DescriptorWatch(descriptor: socket, wantsWrite: wantsWrite, deadline: next, ready: ready))
    }

    func watchForDeadline(_ deadline: ContinuousClock.Instant) {
        thread.watch(DescriptorWatch(descriptor: -1, deadline: deadline, ready: ready))
    }

    private var ready: @Sendable (DescriptorWatch.Readiness) -> Void {
        { [weak self, generation] readiness in
            guard let self else { return }
            assumeIsolated { link in
                guard link.generation == generation else { return }
                link.serve(readiness)
            }
        }
    }
}
