import Glibc
import KoppelExecutor
import Testing

@Suite(.timeLimit(.minutes(5)))
struct ThreadExecutorTests {
    actor Worker {
        private nonisolated let thread = ThreadExecutor(name: "worker")
        nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
        nonisolated var preference: any TaskExecutor { thread }
        private(set) var calls = 0

        func call() -> UInt {
            calls += 1
            return pthread_self()
        }

        func block(milliseconds: UInt32) { usleep(milliseconds * 1_000) }

        func readByte(from descriptor: Int32) async -> Bool {
            await withCheckedContinuation { continuation in
                thread.watch(
                    DescriptorWatch(descriptor: descriptor) { [thread] readiness in
                        thread.watch(nil)
                        continuation.resume(returning: readiness.contains(.readable))
                    })
            }
        }

        func waitUntil(_ deadline: ContinuousClock.Instant) async -> Bool {
            await withCheckedContinuation { continuation in
                thread.watch(
                    DescriptorWatch(descriptor: -1, deadline: deadline) { [thread] readiness in
                        thread.watch(nil)
                        continuation.resume(returning: readiness.isEmpty)
                    })
            }
        }
    }

    @Test func `an actor always runs on the same thread, and on no other`() async {
        let worker = Worker()
        let first = await worker.call()
        let others = await withTaskGroup(of: UInt.self) { group in
            for _ in 0..<200 { group.addTask { await worker.call() } }
            return await group.reduce(into: Set<UInt>()) { $0.insert($1) }
        }
        #expect(others == [first])
        #expect(await worker.calls == 201)
        #expect(first != pthread_self())
    }

    @Test func `blocking actors do not hold up the shared pool`() async {
        let workers = (0..<8).map { _ in Worker() }
        let begin = ContinuousClock.now
        await withTaskGroup(of: Void.self) { group in
            for worker in workers { group.addTask { await worker.block(milliseconds: 300) } }
            await group.waitForAll()
        }
        // Eight blocking calls side by side on two cores: on the shared pool they would take four times as long.
        #expect(ContinuousClock.now - begin < .milliseconds(1_150))
    }

    @Test func `a watched descriptor is told of between jobs`() async {
        var pipe: [Int32] = [0, 0]
        #expect(Glibc.pipe(&pipe) == 0)
        defer { pipe.forEach { close($0) } }
        let (near, far) = (pipe[0], pipe[1])
        let worker = Worker()
        async let ready = worker.readByte(from: near)
        _ = await worker.call()
        #expect(write(far, "x", 1) == 1)
        #expect(await ready)
    }

    @Test func `a watch without a descriptor ends at its deadline`() async {
        #expect(await Worker().waitUntil(.now + .milliseconds(20)))
    }

    @Test func `work with the executor as preference reaches the actor on its own thread`() async {
        let worker = Worker()
        let (outside, inside) = await withTaskExecutorPreference(worker.preference) {
            let outside = pthread_self()
            return (outside, await worker.call())
        }
        #expect(outside == inside)
    }

    actor Watcher {
        private nonisolated let thread = ThreadExecutor(name: "watcher")
        nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
        private var calls = 0
        private var other = 0

        func watch(_ descriptor: Int32) {
            thread.watch(DescriptorWatch(descriptor: descriptor) { _ in self.assumeIsolated { $0.calls += 1 } })
        }

        func replace(_ descriptor: Int32) -> Int {
            thread.watch(DescriptorWatch(descriptor: descriptor) { _ in self.assumeIsolated { $0.other += 1 } })
            return calls
        }

        func stop() -> Int {
            thread.watch(nil)
            return other
        }

        func counts() -> (first: Int, second: Int) { (calls, other) }
    }

    @Test func `a watch that a job replaced or ended is never called again`() async {
        var pipe: [Int32] = [0, 0]
        #expect(Glibc.pipe(&pipe) == 0)
        defer { pipe.forEach { close($0) } }
        #expect(write(pipe[1], "x", 1) == 1)
        let watcher = Watcher()
        for _ in 0..<20 {
            await watcher.watch(pipe[0])
            let before = await watcher.replace(pipe[0])
            while await watcher.counts().second == 0 { await Task.yield() }
            #expect(await watcher.counts().first == before)
            let stopped = await watcher.stop()
            for _ in 0..<5 { _ = await watcher.counts() }
            #expect(await watcher.counts() == (before, stopped))
        }
    }

    @Test func `a task sleeps on its thread until the deadline, beside a watch and other jobs`() async throws {
        let worker = Worker()
        let clock = ThreadClock(on: worker.preference)
        let begin = ContinuousClock.now
        let watched = Task { await worker.waitUntil(begin + .milliseconds(60)) }
        try await withThrowingTaskGroup(of: Duration.self) { group in
            for milliseconds in [40, 10, 30, 20] {
                group.addTask {
                    try await clock.sleep(until: begin + .milliseconds(milliseconds), tolerance: nil)
                    return .milliseconds(milliseconds)
                }
            }
            var order: [Duration] = []
            for try await slept in group {
                #expect(ContinuousClock.now - begin >= slept)
                order.append(slept)
            }
            #expect(order.count == 4)
        }
        #expect(await watched.value)
    }

    @Test func `a cancelled sleep ends at once, before and after it began`() async {
        let worker = Worker()
        let clock = ThreadClock(on: worker.preference)
        let begin = ContinuousClock.now
        let tasks = (0..<100).map { _ in Task { try await clock.sleep(until: begin + .seconds(60), tolerance: nil) } }
        for task in tasks {
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
        }
        #expect(ContinuousClock.now - begin < .seconds(30))
    }
}
