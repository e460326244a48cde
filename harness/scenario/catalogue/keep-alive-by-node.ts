import { handshake } from '../../expect/expectation.ts';
import { emitted, leftIn, neverEmitted } from '../../expect/program-expectations.ts';
import { probes } from '../../expect/flow-expectations.ts';
import { probesOf } from '../../expect/probes.ts';
import { check } from '../check.ts';
import type { Scenario } from '../scenario.ts';
import { connects, tells } from '../steps.ts';

/** libuv's own, whatever the kernel's settings (uv__tcp_keepalive). */
const PROBES = 10;

export const scenario: Scenario = {
  name: 'keep-alive-by-node',
  title: 'Keep-alive with Node’s numbers: ten probes, one a second',
  explanation:
    'setKeepAlive(true, ms) sets more than the delay: libuv also asks for a probe every second and for ten of them, ' +
    'whatever net.ipv4.tcp_keepalive_intvl and _probes say. So a peer that vanishes is found dead eleven seconds after ' +
    'the last that was heard of it where the delay is one second, and never later than ten seconds after the first ' +
    'probe. Node 24 and later let a program name both numbers. Nothing is shortened here.',
  chapter: 'time',
  rank: 21,
  slow: 'Node asks for ten probes, a second apart, whatever the network’s settings',
  setting: { hosts: 2 },
  server: 'half-open',
  client: 'half-close',
  play: async (stage) => {
    await stage.take(connects);
    await stage.tell('network', { verb: 'unplug', host: 'server' });
    await stage.take(
      tells(
        'client',
        { verb: 'setKeepAlive', enable: true, initialDelayMs: 1000 },
        { states: { client: 'ESTABLISHED', server: 'ESTABLISHED' } },
      ),
    );
    await stage.until(
      { events: [{ side: 'client', name: 'close' }], states: { client: 'CLOSED', server: 'ESTABLISHED' } },
      { timeoutMs: 15_000 },
    );
  },
  expectations: [
    handshake(),
    probes({ by: 'client', of: 'keep-alive', times: PROBES, answered: false }),
    check('they come about a second apart', ['wire'], ({ connection }) => {
      const sent = probesOf(connection?.segments ?? [], 'client').map(({ probe }) => probe);
      const gapsMs = sent.slice(1).map(({ atNs }, at) => Number(atNs - (sent[at]?.atNs ?? 0n)) / 1e6);
      const found = `${sent.length} probes, ${Math.min(...gapsMs).toFixed(0)}–${Math.max(...gapsMs).toFixed(0)} ms apart`;
      // A timer of the kernel is never early, but for its tick.
      return sent.length === PROBES && gapsMs.every((gap) => gap > 900)
        ? { met: found }
        : { violated: found };
    }),
    emitted('client', 'error', { code: 'ETIMEDOUT' }),
    neverEmitted('server', 'close'),
    leftIn('server', 'ESTABLISHED'),
  ],
  mutants: [
    {
      what: 'the client leaves the numbers to the kernel',
      who: 'client',
      instead: { setKeepAlive: { verb: 'setKeepAlive', enable: true } },
    },
  ],
};
