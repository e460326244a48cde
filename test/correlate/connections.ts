import test from 'ava';
import fc from 'fast-check';
import { Connections, ROOM_BYTES } from '../../harness/correlate/connections.ts';
import { packet, type PacketFields, reversed } from '../support/packet.ts';

/** @param collide whether all keys have one hash */
function tableOf({ tableCapacity = 16_384, collide = false } = {}): Connections {
  const connections = new Connections({ maxOpen: 1_000_000, predict: false, tableCapacity });
  if (collide) connections.code.setSeeds(0, 0, 0, 0, 0);
  return connections;
}

/** The packet's connection, 0 for none. */
function find(connections: Connections, fields: PacketFields): number {
  connections.show(packet(fields));
  connections.code.see();
  return connections.code.currentConnection();
}

function open(connections: Connections, fields: PacketFields): number {
  connections.show(packet(fields));
  return connections.code.open(false);
}

/** Those that are left, the one that was opened first first; none is left then. */
function drain({ code }: Connections): number[] {
  const drained: number[] = [];
  for (let first = code.longestOpen(); first !== 0; first = code.longestOpen()) {
    drained.push(first);
    code.release(first);
  }
  return drained;
}

test('a connection is found by its packets of both ways, and the way is told', (t) => {
  for (const version of [4, 6] as const) {
    const connections = tableOf();
    const fields: PacketFields = { from: [1, 1000], to: [2, 80], version };
    t.is(find(connections, fields), 0);
    const connection = open(connections, fields);
    t.is(find(connections, fields), connection);
    t.is(connections.code.currentSide(), 0);
    t.is(find(connections, reversed(fields)), connection);
    t.is(connections.code.currentSide(), 1);
  }
});

test('one port, address or IP version more or less is another connection, though hashes be the same', (t) => {
  const connections = tableOf({ collide: true });
  open(connections, { from: [1, 1000], to: [2, 80] });
  for (const other of [
    { from: [1, 1001], to: [2, 80] },
    { from: [3, 1000], to: [2, 80] },
    { from: [2, 1000], to: [1, 80] },
    { from: [1, 80], to: [2, 1000] },
    { from: [1, 1000], to: [2, 80], version: 6 },
  ] satisfies PacketFields[]) {
    t.is(find(connections, other), 0, JSON.stringify(other));
  }
});

test('each word of an IPv6 address tells connections apart, both ways', (t) => {
  const fields: PacketFields = { from: [1, 1000], to: [2, 80], version: 6 };
  const words = ['source0', 'source1', 'source2', 'destination0', 'destination1', 'destination2'] as const;
  for (const way of [fields, reversed(fields)]) {
    const connections = tableOf({ collide: true });
    open(connections, fields);
    for (const word of words) {
      const other = packet(way);
      other[word] ^= 1;
      connections.show(other);
      connections.code.see();
      t.is(connections.code.currentConnection(), 0, word);
    }
  }
});

test('the IP version alone tells connections apart', (t) => {
  const connections = tableOf({ collide: true });
  open(connections, { from: [1, 1000], to: [2, 80] });
  const other = packet({ from: [1, 1000], to: [2, 80], version: 6 });
  other.source0 = 0;
  other.destination0 = 0;
  connections.show(other);
  connections.code.see();
  t.is(connections.code.currentConnection(), 0);
});

test('a connection to itself on one port has one way', (t) => {
  const connections = tableOf();
  const fields: PacketFields = { from: [1, 5000], to: [1, 5000] };
  const connection = open(connections, fields);
  t.is(find(connections, reversed(fields)), connection);
  t.is(connections.code.currentSide(), 0);
});

test('more than there is room for is not brought', (t) => {
  const connections = tableOf();
  connections.bring(new Uint8Array(ROOM_BYTES));
  t.throws(
    () => {
      connections.bring(new Uint8Array(ROOM_BYTES + 1));
    },
    { instanceOf: RangeError },
  );
});

test('its key is that of its first packet', (t) => {
  const connections = tableOf();
  const first = packet({ from: [-5, 65_535], to: [6, 80], version: 6 });
  connections.show(first);
  const connection = connections.code.open(false);
  const source = [first.source0, 0, 0, -5];
  const destination = [first.destination0, 0, 0, 6];
  t.deepEqual([...connections.keyOf(connection)], [...source, ...destination, (65_535 << 16) | 80, 6]);
});

/** Few addresses and ports, so that keys meet and places collide. */
const key = fc.record({
  from: fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 1, max: 6 })),
  to: fc.tuple(fc.integer({ min: 4, max: 6 }), fc.integer({ min: 1, max: 6 })),
  version: fc.constantFrom<4 | 6>(4, 6),
});

test('whatever is opened and released, it holds what a Map would hold, in its order', (t) => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), key), { maxLength: 300, size: 'max' }), (steps) => {
      const connections = tableOf({ tableCapacity: 16 });
      const model = new Map<string, { fields: PacketFields; connection: number }>();
      for (const [isOpen, fields] of steps) {
        const name = JSON.stringify(fields);
        const known = model.get(name);
        if (isOpen && known === undefined) {
          model.set(name, { fields, connection: open(connections, fields) });
        } else if (!isOpen && known !== undefined) {
          connections.code.release(known.connection);
          model.delete(name);
        }
      }
      t.is(connections.code.openCount(), model.size);
      const held = [...model.values()];
      for (const { fields, connection } of held) {
        t.is(find(connections, fields), connection);
        t.is(find(connections, reversed(fields)), connection);
      }
      t.deepEqual(
        drain(connections),
        held.map(({ connection }) => connection),
      );
      t.is(connections.code.openCount(), 0);
    }),
    { numRuns: 300 },
  );
});

test('whichever linger and are released, the others are due in the order in which they began to linger', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 20 })), { maxLength: 100, size: 'max' }),
      (steps) => {
        const connections = tableOf();
        const all = Array.from({ length: 21 }, (_, at) =>
          open(connections, { from: [1, at + 1], to: [2, 80] }),
        );
        const model = new Set<number>();
        const later = packet({ from: [1, 1], to: [2, 80], atMs: 60_000 });
        const released = new Set<number>();
        for (const [isLinger, at] of steps) {
          const connection = all[at] ?? 0;
          if (released.has(connection)) continue;
          if (isLinger) {
            connections.code.touch(connection);
            connections.code.linger(connection);
            model.add(connection);
          } else {
            connections.code.release(connection);
            released.add(connection);
            model.delete(connection);
          }
        }
        connections.show(later);
        const due: number[] = [];
        for (let each = connections.code.due(); each !== 0; each = connections.code.due()) {
          due.push(each);
          connections.code.release(each);
        }
        t.deepEqual(due, [...model]);
      },
    ),
  );
});

test('many connections: memory grows, and what was read before is read as it was', (t) => {
  const connections = tableOf({ tableCapacity: 16 });
  const early = open(connections, { from: [7, 7], to: [8, 8] });
  const before = [...connections.keyOf(early)];
  for (let port = 1; port <= 50_000; port++) open(connections, { from: [1, port], to: [2, 80] });
  t.deepEqual([...connections.keyOf(early)], before);
  t.is(find(connections, { from: [8, 8], to: [7, 7] }), early);
  t.is(drain(connections).length, 50_001);
});
