/** What a lab's gates tell the evidence while its agent takes its time. */
import { mock } from 'node:test';
import test, { type ExecutionContext } from 'ava';
import { LabEvents } from '../../harness/lab/lab-events.ts';
import { LabGates } from '../../harness/lab/lab-gates.ts';
import type { AgentFunctions } from '../../harness/lab/protocol.ts';
import { Recording } from '../../harness/lab/recording.ts';
import { DEFAULT_TIMEOUT_MS } from '../../harness/timing.ts';

const DROP_FIN = { flags: 'FIN', action: 'drop' } as const;

type Agent = ConstructorParameters<typeof LabGates>[0];
type Answer = Awaited<ReturnType<AgentFunctions['unplug']>>;

function gatesOf(agent: Partial<AgentFunctions>, events = new LabEvents()): LabGates {
  return new LabGates(agent as unknown as Agent, events);
}

interface OpenAnswer<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
}

/** What the agent answers when it is let. */
function openAnswer<T>(): OpenAnswer<T> {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((given) => {
    resolve = given;
  });
  return {
    promise,
    resolve: (value) => {
      resolve(value);
    },
  };
}

async function missDeadline(t: ExecutionContext, asking: () => Promise<unknown>): Promise<void> {
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    const rejected = t.throwsAsync(asking(), { code: 'ERR_FINWAIT_TIMEOUT' });
    mock.timers.tick(DEFAULT_TIMEOUT_MS);
    await rejected;
  } finally {
    mock.timers.reset();
  }
}

function damageOf(recording: Recording): readonly string[] {
  return recording.evidence({ clockReadings: [], holds: [], settings: [] }).damage.map(({ kind }) => kind);
}

function recordingIn(events: LabEvents): Recording {
  const recording = new Recording({ address: '127.0.0.1', port: 1 });
  events.addRecording(recording);
  return recording;
}

test.serial(
  'a cable is surely in its place before its pulling was asked for, not until nft answered',
  async (t) => {
    const beforeNs = process.hrtime.bigint();
    let calledNs = 0n;
    const gates = gatesOf({
      unplug: () => {
        calledNs = process.hrtime.bigint();
        return Promise.resolve({ gateId: 1, atNs: calledNs + 1_000_000n });
      },
    });
    await gates.unplug('client');
    t.true(gates.holds.length > 0);
    for (const { askedNs = 0n, fromNs } of gates.holds) {
      t.true(askedNs >= beforeNs && askedNs <= calledNs);
      t.is(fromNs, calledNs + 1_000_000n);
    }
  },
);

for (const [what, ask] of Object.entries({
  'a fault': (gates: LabGates) => gates.fault(DROP_FIN),
  'a cable': (gates: LabGates) => gates.unplug('client'),
})) {
  test.serial(`${what} that comes too late is released at once, and is lasting damage`, async (t) => {
    const events = new LabEvents();
    const during = recordingIn(events);
    const setting = openAnswer<Answer>();
    const released = openAnswer<number>();
    const set = (): Promise<Answer> => setting.promise;
    const release = (gateId: number): Promise<{ atNs: bigint }> => {
      released.resolve(gateId);
      return Promise.resolve({ atNs: 9n });
    };
    const gates = gatesOf({ setFault: set, unplug: set, release }, events);
    await missDeadline(t, () => ask(gates));
    t.deepEqual(damageOf(during), ['fault-uncertain']);
    t.deepEqual(damageOf(recordingIn(events)), ['fault-uncertain']);
    setting.resolve({ gateId: 7, atNs: 1n });
    t.is(await released.promise, 7);
    t.deepEqual(gates.holds, []);
  });
}

test.serial('a fault that is refused is no damage', async (t) => {
  const events = new LabEvents();
  const recording = recordingIn(events);
  const gates = gatesOf({ setFault: () => Promise.reject(new Error('no nft')) }, events);
  await t.throwsAsync(gates.fault(DROP_FIN), { message: 'no nft' });
  t.deepEqual(damageOf(recording), []);
});

test.serial('a delay that comes too late is ended at once', async (t) => {
  const delaying = openAnswer<undefined>();
  const ended = openAnswer<number>();
  const delay = (ms: number): Promise<void> => {
    if (ms > 0) return delaying.promise;
    ended.resolve(ms);
    return Promise.resolve();
  };
  await missDeadline(t, () => gatesOf({ delay }).delay(5));
  delaying.resolve(undefined);
  t.is(await ended.promise, 0);
});

test.serial('a release that is answered late is over from then on', async (t) => {
  const releasing = openAnswer<{ atNs: bigint }>();
  const gates = gatesOf({
    setFault: () => Promise.resolve({ gateId: 1, atNs: 1n }),
    release: () => releasing.promise,
  });
  const gate = await gates.fault(DROP_FIN);
  await missDeadline(t, () => gate.release());
  t.is(gates.holds[0]?.releasedNs, undefined);
  releasing.resolve({ atNs: 9n });
  await releasing.promise;
  t.is(gates.holds[0]?.releasedNs, 9n);
});
