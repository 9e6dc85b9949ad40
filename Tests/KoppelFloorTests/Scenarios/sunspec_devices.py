"""SunSpec devices as they are found in the field, awkward ones too: which registers they have and which reads they
refuse. The layouts are those of the SunSpec model definitions (sunspec/models), written down here by hand."""
import asyncio
import struct
import threading

ABSENT, ABSENT_SIGNED = 0xFFFF, 0x8000
NAN = [0x7FC0, 0]


def text(value, registers):
    return list(struct.unpack(f">{registers}H", value.encode().ljust(2 * registers, b"\0")))


def long(value):
    return [value >> 16 & 0xFFFF, value & 0xFFFF]


def real(value):
    return NAN if value is None else list(struct.unpack(">2H", struct.pack(">f", value)))


def model(number, length, points, unset=0xFFFF):
    """A model with its id and length. `points`: offset from the id to a word or a list of words."""
    words = [unset] * (length + 2)
    words[:2] = [number, length]
    for offset, value in points.items():
        value = value if isinstance(value, list) else [value & 0xFFFF]
        if offset + len(value) > length + 2:
            raise ValueError(f"model {number}: offset {offset} lies behind its end")
        words[offset:offset + len(value)] = value
    return words


def common(maker, name, serial, length=66):
    """Model 1. SolarEdge states 65 registers, others 66."""
    return model(1, length, {2: text(maker, 16), 18: text(name, 16), 34: text("", 8), 42: text("1.2.3", 8),
                             50: text(serial, 16), 66: 1})


def inverter(number, watts, energy, instead=None):
    """Models 101 to 103: whole numbers, with powers of ten. Phases that a model does not have read as absent.
    `instead`: other words at some offsets."""
    phases = {101: 1, 102: 2, 103: 3}[number]
    points = {2: 100 * phases, 6: -1, 13: -1, 14: watts, 15: 0, 16: 5000, 17: -2, 18: ABSENT_SIGNED, 19: 0,
              20: ABSENT_SIGNED, 21: 0, 22: ABSENT_SIGNED, 23: 0, 24: long(energy), 26: 0, 28: ABSENT_SIGNED,
              30: ABSENT_SIGNED, 31: ABSENT_SIGNED, 32: ABSENT_SIGNED, 33: 415, 34: ABSENT_SIGNED, 35: ABSENT_SIGNED,
              36: ABSENT_SIGNED, 37: -1, 38: 4, 40: long(0), 42: long(0)}
    for phase in range(phases):
        points[3 + phase] = 100
        points[10 + phase] = 2300 + phase
    return model(number, 50, points | (instead or {}))


def float_inverter(number, watts, energy):
    """Models 111 to 113: floats, what is absent is NaN."""
    phases = {111: 1, 112: 2, 113: 3}[number]
    points = {2 + 2 * i: NAN for i in range(23)}
    points |= {2: real(10.5 * phases), 22: real(watts), 24: real(50.0), 32: real(energy), 40: real(41.5), 48: 4,
               50: long(0), 52: long(0)}
    for phase in range(phases):
        points[4 + 2 * phase] = real(10.5)
        points[16 + 2 * phase] = real(230.25 + phase)
    return model(number, 60, points)


def dc_inputs(*watts):
    """Model 160 with so many modules."""
    points = {2: -2, 3: -1, 4: 0, 5: 0, 6: long(0), 8: len(watts), 9: 0}
    for index, power in enumerate(watts):
        at = 10 + 20 * index
        points |= {at: index + 1, at + 1: text(f"Input {index + 1}", 8), at + 9: 500, at + 10: 6000, at + 11: power,
                   at + 12: long(1000 + index), at + 16: 30, at + 17: 4, at + 18: long(0)}
    return model(160, 8 + 20 * len(watts), points)


def meter(watts, imported, exported):
    """Model 203, three phases with neutral, whole numbers."""
    points = {2: 30, 3: 10, 4: 10, 5: 10, 6: 0, 7: 2300, 8: 2300, 9: 2301, 10: 2302, 15: -1, 16: 5000, 17: -2,
              18: watts, 22: 0, 38: long(exported), 40: [0] * 6, 46: long(imported), 48: [0] * 6, 54: 0, 55: [0] * 16,
              71: ABSENT_SIGNED, 72: [0] * 32, 104: ABSENT_SIGNED, 105: long(0)}
    return model(203, 105, points, unset=ABSENT_SIGNED)


def der(watts, energy):
    """Model 701. Its powers of ten stand 106 registers behind the power."""
    points = {2: 2, 3: 1, 4: 3, 5: 1, 6: long(0), 8: long(1), 10: watts, 15: ABSENT, 16: 2305, 17: long(50_000),
              19: long(energy >> 32) + long(energy), 23: [0] * 4, 27: [ABSENT] * 8, 110: 0, 111: long(0),
              113: -2, 114: -1, 115: -3, 116: 1, 117: -3, 118: 1, 119: 1, 120: 0, 121: 0, 122: -1,
              123: text("", 32)}
    for phase in (41, 64, 87):
        points |= {phase + 5: [ABSENT] * 18}
    return model(701, 153, points, unset=ABSENT_SIGNED)


def vendor(number, length):
    """A model of a manufacturer, full of numbers that would pass for values."""
    return model(number, length, {}, unset=4711)


class Device:
    """One Modbus TCP server with a chain of models from `base` on.

    end: `mark` as the standard says; `short`: the mark without a length; `nothing`: no register behind the last model;
    `zeros`: every register behind it reads as 0. refuses: `borders`, reads that reach into two models; `cuts`, reads
    that begin or end between id and length. `refusal`: its exception code. Without a chain it has no register at all, or
    only zeros.
    """

    def __init__(self, base=40_000, chain=(), end="mark", refuses="", refusal=2):
        self.refusal = refusal
        self.refuses, self.asked, self.refused, self.connects = refuses, 0, 0, 0
        self.port, self.writers = None, set()
        self.put(base, chain, end)

    def put(self, base, chain, end="mark"):
        words, starts = {}, []
        at = base
        for part in ([list(struct.unpack(">2H", b"SunS"))] if chain else []) + list(chain):
            starts.append(at)
            words |= {at + offset: word for offset, word in enumerate(part)}
            at += len(part)
        starts.append(at)
        mark = {"mark": [0xFFFF, 0], "short": [0xFFFF]}.get(end, [])
        words |= {at + offset: word for offset, word in enumerate(mark)}
        self.everywhere = 0 if end == "zeros" else None
        self.words, self.starts, self.first = (words if chain else {}), starts, base

    def answer(self, start, count):
        """The words, or `None` for exception 2."""
        words = [self.words.get(address, self.everywhere) for address in range(start, start + count)]
        if None in words:
            return None
        inside = [border for border in self.starts if start < border < start + count]
        if self.refuses == "borders" and inside:
            return None
        # Id and length are one: a read that begins or ends between them is refused.
        cuts = {border + 1 for border in self.starts[1:]}
        if self.refuses == "cuts" and (start in cuts or start + count in cuts):
            return None
        return words

    async def serve(self, reader, writer):
        self.connects += 1
        self.writers.add(writer)
        try:
            while True:
                transaction, _, _, unit, code, start, count = struct.unpack(">HHHBBHH", await reader.readexactly(12))
                self.asked += 1
                words = self.answer(start, count) if code == 3 and 1 <= count <= 125 else None
                if words is None:
                    self.refused += 1
                    body = bytes([unit, code | 0x80, self.refusal if code == 3 else 1])
                else:
                    body = bytes([unit, code, 2 * count]) + struct.pack(f">{count}H", *words)
                writer.write(struct.pack(">HHH", transaction, 0, len(body)) + body)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.writers.discard(writer)
            writer.close()


class Park:
    """Devices by name, each on a port of its own, served from one thread."""

    def __init__(self, devices):
        self.devices = devices
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        for device in devices.values():
            server = self.call(asyncio.start_server(device.serve, "127.0.0.1", 0))
            device.port = server.sockets[0].getsockname()[1]

    def call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(10)

    def restart(self, name, *layout):
        """The device comes back with another layout: what it does not keep is its connections."""
        async def change():
            device = self.devices[name]
            device.put(*layout)
            for writer in list(device.writers):
                writer.close()
        self.call(change())

    def end(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(5)
