/**
 * Entry of the lab's agent: the first process in the lab's network. It runs the capture, the samplers, the gates
 * and the peers there, and does what the process that opened the lab asks. When its channel closes it exits,
 * and in a private network the kernel ends everything else with it.
 */
import { FinwaitError } from '../errors.ts';
import { type Endpoint, formatEndpoint } from '../model/endpoint.ts';
import type { Segment } from '../model/segment.ts';
import { openChannel } from '../peer/channel.ts';
import { type Instruments, makeNetwork, openInstruments, sampleAll } from './instruments.ts';
import { onOneCpu } from './one-cpu.ts';
import { Peers } from './peers.ts';
import { Programs } from './programs.ts';
import { AGENT_EVENT_NAMES, type AgentEvents, type AgentFunctions } from './protocol.ts';

let opened: Instruments | undefined;
/** Peers share a CPU, on whichever host they are. */
const cpu = onOneCpu();
let delayMs = 0;

const functions: AgentFunctions = {
  async open(network, hosts) {
    const places = await makeNetwork(network, hosts);
    for (const side of ['client', 'server'] as const) peers.start(side, [...places[side].enter, ...cpu]);
    opened = await openInstruments(network, places, (damage) => {
      void opener.damage(damage);
    });
    opened.capture.onPacket(({ segment }) => {
      if (segment !== undefined) handOver(segment);
    });
  },

  startPeer: async (name, side) => {
    peers.start(name, [...instruments().hosts[side].enter, ...cpu]);
    await peers.ask(name, (peer) => peer.answer());
  },
  killPeer: async (name, signal) => peers.kill(name, signal),
  freezePeer: async (name, frozen) => (frozen ? peers.freeze(name) : peers.thaw(name)),

  listen: async (name, choice) => {
    const { hosts, ports } = instruments();
    const { host = hosts.server.address, port: wanted } = choice;
    return await peers.ask(name, async (peer) => {
      const listenOn = async (port: number): Promise<Endpoint> =>
        await peer.listen({ ...choice, host, port });
      return await (wanted === undefined ? ports.take(listenOn) : listenOn(wanted));
    });
  },
  unlisten: async (name, serverId) => peers.ask(name, (peer) => peer.unlisten(serverId)),
  connect: async (name, options) => peers.ask(name, (peer) => peer.connect(options)),
  tell: async (name, socketId, command) => peers.ask(name, (peer) => peer.tell(socketId, command)),
  tellServer: async (name, serverId, command) =>
    peers.ask(name, (peer) => peer.tellServer(serverId, command)),

  async sample(filter) {
    const { snapshot, issues } = await sampleAll(instruments(), filter);
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
    const { capture, gates } = instruments();
    await Promise.all([capture.stats(), gates.checkKept()]);
  },

  checkPeers: async () => peers.check(),

  setFault: async (rule) => instruments().gates.set(rule),
  release: async (gateId) => instruments().gates.release(gateId),

  async unplug(side) {
    const { hosts, gates } = instruments();
    if (hosts.client === hosts.server) {
      throw new FinwaitError('ERR_FINWAIT_PEER_COMMAND', 'a lab of one host has no cable to pull');
    }
    return await gates.unplug(hosts[side]);
  },

  async delay(ms) {
    if (ms > 0 && delayMs > 0) throw new TypeError(`There is a delay of ${delayMs} ms; release it first`);
    const hosts = new Set(Object.values(instruments().hosts));
    await Promise.all([...hosts].map(({ queues }) => queues.delay(ms)));
    delayMs = ms;
  },

  async killSocket(local, peer) {
    const ends = ['src', formatEndpoint(local), 'dst', formatEndpoint(peer)];
    for (const host of new Set(Object.values(instruments().hosts)))
      await host.run('ss', '-K', '-tan', ...ends);
  },

  readSysctl: async (name) => instruments().hosts.server.readSysctl(name),
  async writeSysctl(name, value) {
    for (const host of new Set(Object.values(instruments().hosts))) await host.writeSysctl(name, value);
  },
  spawn: (programId, options) => {
    programs.spawn(programId, options);
  },
  signalProgram: (programId, signal) => {
    programs.signal(programId, signal);
  },

  async close() {
    const { capture, hosts } = instruments();
    programs.stop();
    const samplers = Object.values(hosts).map(({ sampler }) => sampler.stop());
    await Promise.all([capture.stop(), peers.stop(), ...samplers]);
  },
};

const opener = openChannel<AgentEvents, AgentFunctions>(process, functions, {
  other: 'the process that opened the lab',
  tells: AGENT_EVENT_NAMES,
});
const programs = new Programs(opener);
const peers = new Peers(opener);
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
