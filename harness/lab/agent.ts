/**
 * Entry of the lab's agent: the first process in the lab's network. It runs the capture, the sampler, the gates
 * and the two peers there, and does what the process that opened the lab asks. When its channel closes it exits,
 * and in a private network the kernel ends everything else with it.
 */
import { readFile } from 'node:fs/promises';
import { execa } from 'execa';
import { type Capture, startCapture } from '../../captures/tcpdump.ts';
import { FinwaitError, isFinwaitError } from '../errors.ts';
import { findProgram, installCommand } from '../install-hint.ts';
import { openSampler, type SocketSampler } from '../kernel/sampler.ts';
import { readSysctl, writeSysctl } from '../kernel/sysctl.ts';
import type { Segment } from '../model/segment.ts';
import { openChannel } from '../peer/channel.ts';
import { type Peer, startPeer } from '../peer/parent.ts';
import type { PeerEvents } from '../peer/protocol.ts';
import { Gates } from './gates.ts';
import { onOneCpu } from './one-cpu.ts';
import { PortRange } from './port-range.ts';
import { Programs } from './programs.ts';
import {
  AGENT_EVENT_NAMES,
  type AgentEvents,
  type AgentFunctions,
  LOOPBACK,
  type NetworkKind,
  type PeerName,
} from './protocol.ts';

interface Instruments {
  readonly capture: Capture;
  readonly sampler: SocketSampler;
  readonly peers: Readonly<Record<PeerName, Peer>>;
  readonly ports: PortRange;
}

let opened: Instruments | undefined;
const gates = new Gates();

const functions: AgentFunctions = {
  async open(network) {
    opened = await openInstruments(network);
  },

  listen: async (choice) => {
    return await ask('server', (server) =>
      instruments().ports.take((port) => server.listen({ ...choice, host: LOOPBACK, port })),
    );
  },

  unlisten: async (serverId) => ask('server', (server) => server.unlisten(serverId)),
  connect: async (options) => ask('client', (client) => client.connect(options)),
  tell: async (name, socketId, command) => ask(name, (peer) => peer.tell(socketId, command)),

  async sample(filter) {
    const { issues, ...snapshot } = await instruments().sampler.sample(filter);
    if (issues.length > 0) {
      const detail = `${issues.length} lines of ss could not be read: ${issues[0]?.line ?? ''}`;
      void opener.damage({ lane: 'kernel', kind: 'sampling-failed', detail });
    }
    return snapshot;
  },

  async fence() {
    const reading = await instruments().capture.fence();
    flushSegments();
    return reading;
  },

  async checkCapture() {
    await instruments().capture.stats();
  },

  async checkPeers() {
    const answers = (['client', 'server'] as const).map((name) => ask(name, (peer) => peer.answer()));
    // Whoever does not answer is dead, and has been told as damage by now.
    await Promise.allSettled(answers);
  },

  hold: async (filter) => gates.hold(filter),
  release: async (gateId) => gates.release(gateId),
  readSysctl,
  writeSysctl,
  spawn: (programId, options) => {
    programs.spawn(programId, options);
  },
  signalProgram: (programId, signal) => {
    programs.signal(programId, signal);
  },

  async close() {
    const { capture, sampler, peers } = instruments();
    programs.stop();
    await Promise.all([capture.stop(), sampler.stop(), peers.client.stop(), peers.server.stop()]);
  },
};

const opener = openChannel<AgentEvents, AgentFunctions>(process, functions, {
  other: 'the process that opened the lab',
  tells: AGENT_EVENT_NAMES,
});
const programs = new Programs(opener);
// In a private network this is pid 1 of its namespace: its end is the end of all in it. On the host, children are
// ended one by one: peers and samplers by their closed channels, tcpdump by its lifeline.
process.on('disconnect', () => {
  programs.stop();
  process.exit(0);
});

function instruments(): Instruments {
  if (opened === undefined) throw new FinwaitError('ERR_FINWAIT_PROCESS_ENDED', 'the lab is not open');
  return opened;
}

/** A peer that dies during a call: its end is told as damage before the call is answered. */
async function ask<T>(name: PeerName, call: (peer: Peer['functions']) => Promise<T>): Promise<T> {
  const peer = instruments().peers[name];
  try {
    return await call(peer.functions);
  } catch (error) {
    if (isFinwaitError(error) && error.code === 'ERR_FINWAIT_PROCESS_ENDED') await peer.ended;
    throw error;
  }
}

async function openInstruments(network: NetworkKind): Promise<Instruments> {
  if (network === 'private') await bringLoopbackUp();
  const ports =
    network === 'private' ? PortRange.ofPrivateNetwork() : PortRange.anywhere(await ephemeralPorts());
  const prefix = onOneCpu();
  const peers = { client: openPeer('client', prefix), server: openPeer('server', prefix) };
  const [capture, sampler] = await Promise.all([
    startCapture({
      interface: 'lo',
      filter: network === 'private' ? 'tcp' : `tcp portrange ${ports.first}-${ports.last}`,
    }),
    openSampler(),
  ]);
  capture.onPacket(({ segment }) => {
    if (segment !== undefined) handOver(segment);
  });
  capture.onDamage((damage) => {
    void opener.damage(damage);
  });
  return { capture, sampler, peers, ports };
}

async function bringLoopbackUp(): Promise<void> {
  const path = findProgram('ip');
  if (path === undefined) {
    throw new FinwaitError('ERR_FINWAIT_LAB_REFUSED', 'ip is not installed, which brings its loopback up', {
      hint: `Install it: ${installCommand('iproute2')}`,
    });
  }
  const { failed, stderr, shortMessage } = await execa(path, ['link', 'set', 'lo', 'up'], { reject: false });
  if (!failed) return;
  throw new FinwaitError(
    'ERR_FINWAIT_LAB_REFUSED',
    `cannot bring loopback up: ${stderr || (shortMessage ?? '')}`,
  );
}

/** The kernel's range for outgoing connections, `[first, last]`. */
async function ephemeralPorts(): Promise<readonly [number, number]> {
  const text = await readFile('/proc/sys/net/ipv4/ip_local_port_range', 'utf8');
  const [first = 32_768, last = 60_999] = text.trim().split(/\s+/).map(Number);
  return [first, last];
}

function openPeer(name: PeerName, prefix: readonly string[]): Peer {
  const events: PeerEvents = {
    accepted: (serverId, socketId) => {
      void opener.accepted(serverId, socketId);
    },
    report: (socketId, report) => {
      void opener.report(name, socketId, report);
    },
  };
  const peer = startPeer(events, { name, prefix });
  void peer.ended.then(({ reason }) => {
    if (reason === undefined) return;
    void opener.damage({ lane: 'node', kind: 'reports-lost', detail: `the ${name} peer ended: ${reason}` });
  });
  return peer;
}

let waiting: Segment[] = [];

/** Segments that were read in one go travel in one message. */
function handOver(segment: Segment): void {
  waiting.push(segment);
  if (waiting.length === 1) queueMicrotask(flushSegments);
}

function flushSegments(): void {
  if (waiting.length === 0) return;
  const segments = waiting;
  waiting = [];
  void opener.segments(segments);
}
