import test from 'ava';
import fc from 'fast-check';
import { FlowTable } from '../../harness/correlate/flow-table.ts';
import { packet, type PacketFields, reversed } from '../support/packet.ts';

function insert(table: FlowTable, fields: PacketFields, value: number): void {
  const made = packet(fields);
  table.find(made);
  table.insert(made, value);
}

test('a connection is found by its packets of both ways, and the way is told', (t) => {
  for (const version of [4, 6] as const) {
    const table = new FlowTable();
    const fields: PacketFields = { from: [1, 1000], to: [2, 80], version };
    t.is(table.find(packet(fields)), -1);
    insert(table, fields, 7);
    t.is(table.find(packet(fields)), 7);
    t.is(table.side, 0);
    t.is(table.find(packet(reversed(fields))), 7);
    t.is(table.side, 1);
  }
});

test('one port, address or IP version more or less is another connection', (t) => {
  const table = new FlowTable();
  insert(table, { from: [1, 1000], to: [2, 80] }, 0);
  for (const other of [
    { from: [1, 1001], to: [2, 80] },
    { from: [3, 1000], to: [2, 80] },
    { from: [2, 1000], to: [1, 80] },
    { from: [1, 80], to: [2, 1000] },
    { from: [1, 1000], to: [2, 80], version: 6 },
  ] satisfies PacketFields[]) {
    t.is(table.find(packet(other)), -1, JSON.stringify(other));
  }
});

test('a connection to itself on one port has one way', (t) => {
  const table = new FlowTable();
  const fields: PacketFields = { from: [1, 5000], to: [1, 5000] };
  insert(table, fields, 3);
  t.is(table.find(packet(reversed(fields))), 3);
  t.is(table.side, 0);
});

/** Few addresses and ports, so that keys meet and slots collide. */
const key = fc.record({
  from: fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 1, max: 6 })),
  to: fc.tuple(fc.integer({ min: 4, max: 6 }), fc.integer({ min: 1, max: 6 })),
  version: fc.constantFrom<4 | 6>(4, 6),
});

test('whatever is put in and taken out, it holds what a Map would hold', (t) => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), key), { maxLength: 300 }), (steps) => {
      const table = new FlowTable(16);
      const model = new Map<string, { fields: PacketFields; value: number }>();
      for (const [index, [isInsert, fields]] of steps.entries()) {
        const name = JSON.stringify(fields);
        const known = model.get(name);
        if (isInsert && known === undefined) {
          insert(table, fields, index);
          model.set(name, { fields, value: index });
        } else if (!isInsert && known !== undefined) {
          table.remove(known.value);
          model.delete(name);
        }
      }
      t.is(table.size, model.size);
      for (const { fields, value } of model.values()) {
        t.is(table.find(packet(fields)), value);
        t.is(table.find(packet(reversed(fields))), value);
      }
    }),
    { numRuns: 300 },
  );
});
