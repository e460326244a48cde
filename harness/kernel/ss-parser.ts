import { plainAddress, type Endpoint } from '../model/endpoint.ts';
import type { SocketSample } from '../model/observation.ts';
import type { TcpState } from '../model/tcp-state.ts';

/** A line that is not a TCP socket as any known `ss` prints it. */
export interface SsIssue {
  readonly line: string;
  /** `state "UNDEF" is unknown`. */
  readonly reason: string;
}

export interface ParsedSs {
  /** In the order of the text. */
  readonly sockets: readonly SocketSample[];
  /** Empty when every line was understood. */
  readonly issues: readonly SsIssue[];
}

/** How `ss` spells the states. Source: iproute2 misc/ss.c, `sstate_name`, the same in 5.5 … 6.12. */
const LINUX_STATES: Readonly<Record<string, TcpState>> = {
  UNCONN: 'CLOSED',
  LISTEN: 'LISTEN',
  'SYN-SENT': 'SYN-SENT',
  'SYN-RECV': 'SYN-RECEIVED',
  ESTAB: 'ESTABLISHED',
  'FIN-WAIT-1': 'FIN-WAIT-1',
  'FIN-WAIT-2': 'FIN-WAIT-2',
  'CLOSE-WAIT': 'CLOSE-WAIT',
  CLOSING: 'CLOSING',
  'LAST-ACK': 'LAST-ACK',
  'TIME-WAIT': 'TIME-WAIT',
};

/** State, Recv-Q, Send-Q, local address, peer address, the rest. Padding differs between versions and widths. */
const SOCKET_LINE = /^(\S+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(\S+)(.*)$/;

/**
 * What `ss -e` complains of where no cgroup2 is mounted, as in many containers: the sockets are listed all the same.
 * Source: iproute2 lib/fs.c, `find_cgroup2_mount`, `get_cgroup2_path`.
 */
const SAYS_NOTHING = /^Failed to (?:find cgroup2 mount|open cgroup2)/;

/**
 * Sockets from `ss -H -t -n`, with any of `-a -o -e -p -i -m -O`; of `-i` and `-m` nothing is kept.
 * Total: a line that cannot be read becomes an issue. IPv4-mapped addresses come out plain, zones
 * (`%eth0`) are dropped, a dual-stack wildcard (`*:80`) is `::`.
 * Source: iproute2 misc/ss.c, `inet_stats_print`, `tcp_timer_print`, `sock_details_print`.
 */
export function parseSs(text: string): ParsedSs {
  const sockets: SocketSample[] = [];
  const issues: SsIssue[] = [];
  for (const line of text.split('\n')) {
    // Without -O, what -i and -m print follows on a line of its own that starts with a tab.
    if (line.trim() === '' || line.startsWith('\t') || SAYS_NOTHING.test(line)) continue;
    const parsed = parseLine(line);
    if (typeof parsed === 'string') issues.push({ line, reason: parsed });
    else sockets.push(parsed);
  }
  return { sockets, issues };
}

/** The socket, or why there is none. */
function parseLine(line: string): SocketSample | string {
  const columns = SOCKET_LINE.exec(line);
  if (columns === null) return 'not five columns';
  const [, stateName = '', receiveQueue, sendQueue, localText = '', peerText = '', rest = ''] = columns;
  if (!Object.hasOwn(LINUX_STATES, stateName)) return `state "${stateName}" is unknown`;
  const state = LINUX_STATES[stateName];
  const local = parseAddress(localText);
  const peer = parseAddress(peerText);
  if (state === undefined || local === undefined) return `"${localText}" is not an address and port`;
  if (peer === undefined) return `"${peerText}" is not an address and port`;
  return {
    state,
    local,
    peer,
    receiveQueue: Number(receiveQueue),
    sendQueue: Number(sendQueue),
    ...parseDetails(rest),
  };
}

/** The port is what follows the last colon, so `:::80` of iproute2 before 4.17 reads right too. */
const ADDRESS = /^\[?([^\]%]+)\]?(?:%.+)?:(\d+|\*)$/;

function parseAddress(text: string): Endpoint | undefined {
  const parts = ADDRESS.exec(text);
  if (parts === null) return undefined;
  const [, address = '', portText = ''] = parts;
  const port = portText === '*' ? 0 : Number(portText);
  if (port > 65535) return undefined;
  return { address: address === '*' ? '::' : plainAddress(address), port };
}

type Details = Pick<SocketSample, 'timer' | 'cookie' | 'inode' | 'processes'>;

function parseDetails(rest: string): Details {
  const { processes, others } = parseProcesses(rest);
  // `expires` is kept as printed: ss writes 1.768 s as "1.768ms".
  const [, name, expires, retransmits] = /(?:^|\s)timer:\((\w+),([^,()]*),(\d+)\)/.exec(others) ?? [];
  const inode = /(?:^|\s)ino:(\d+)/.exec(others)?.[1];
  const cookie = /(?:^|\s)sk:([0-9a-f]+)/.exec(others)?.[1];
  return {
    ...(name === undefined || expires === undefined
      ? {}
      : { timer: { name, expires, retransmits: Number(retransmits) } }),
    ...(cookie === undefined ? {} : { cookie }),
    ...(inode === undefined ? {} : { inode: Number(inode) }),
    ...(processes.length === 0 ? {} : { processes }),
  };
}

type Holder = NonNullable<SocketSample['processes']>[number];

/**
 * Cuts `users:(("node",pid=1,fd=20),("node",pid=2,fd=20))` out, holder by holder. Names are up to 15 bytes of a
 * program's choosing and printed as they are: spaces, quotes and `sk:1` may stand in them.
 */
function parseProcesses(rest: string): { processes: Holder[]; others: string } {
  const start = rest.indexOf('users:((');
  if (start === -1) return { processes: [], others: rest };
  const processes: Holder[] = [];
  const holder = /\("(.*?)",pid=(\d+),fd=(\d+)\)[,)]/y;
  holder.lastIndex = start + 'users:('.length;
  let end = start;
  for (let found = holder.exec(rest); found !== null; found = holder.exec(rest)) {
    const [, name = '', pid, fd] = found;
    processes.push({ name, pid: Number(pid), fd: Number(fd) });
    end = holder.lastIndex;
  }
  return { processes, others: rest.slice(0, start) + rest.slice(end) };
}
