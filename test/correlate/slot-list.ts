import test from 'ava';
import fc from 'fast-check';
import { SlotList } from '../../harness/correlate/slot-list.ts';

function contentsOf(list: SlotList): number[] {
  const contents: number[] = [];
  for (let slot = list.first; slot !== -1; slot = list.after(slot)) contents.push(slot);
  return contents;
}

test('whatever is added and removed, what is left is in the order in which it was added', (t) => {
  const slot = fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 5000 }));
  fc.assert(
    fc.property(fc.array(slot, { maxLength: 200 }), (slots) => {
      const list = new SlotList();
      const model = new Set<number>();
      for (const each of slots) {
        if (model.delete(each)) list.remove(each);
        else {
          model.add(each);
          list.add(each);
        }
        t.is(list.size, model.size);
      }
      t.deepEqual(contentsOf(list), [...model]);
    }),
  );
});

test('of nothing, there is no first', (t) => {
  t.is(new SlotList().first, -1);
});
