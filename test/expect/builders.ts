import test from 'ava';
import { judge } from '../../harness/expect/judge.ts';
import {
  type Expectation,
  halfClose,
  orderlyClose,
  reset,
  states,
} from '../../harness/expect/expectation.ts';
import { connectionOf, timelineOf } from '../support/segment-script.ts';

/** What programs without types can get wrong; a test that says less than it means would pass for too little. */
const WRONG: readonly (readonly [what: string, build: () => unknown, message: RegExp])[] = [
  [
    'a misspelt option of orderlyClose',
    () => orderlyClose({ by: 'client', segment: 3 } as never),
    /"segment"/,
  ],
  [
    'a misspelt option of halfClose',
    () => halfClose({ by: 'client', dataafter: false } as never),
    /"dataafter"/,
  ],
  ['a misspelt option of reset', () => reset({ by: 'client', of: 'server' } as never), /"of"/],
  ['a close in five segments', () => orderlyClose({ by: 'client', segments: 5 } as never), /3 or 4/],
  ['a side that is none', () => reset({ by: 'sever' } as never), /"sever"/],
  ['no side', () => halfClose({} as never), /client, server/],
  ['a state that is none', () => states('client', 'FIN-WAIT' as never), /"FIN-WAIT"/],
  ['states of a side that is none', () => states('peer' as never, 'CLOSED'), /"peer"/],
];

for (const [what, build, message] of WRONG) {
  test(`${what} is a TypeError that names it`, (t) => {
    t.throws(build, { instanceOf: TypeError, message });
  });
}

test('an expectation of an unknown kind is a TypeError that shows it', (t) => {
  const lines = ['client SYN', 'server SYN,ACK', 'client ACK'];
  const unknown = { kind: 'telepathy' } as unknown as Expectation;
  const timeline = timelineOf(lines);
  t.throws(() => judge(timeline, connectionOf(lines), unknown), {
    instanceOf: TypeError,
    message: /telepathy/,
  });
});
