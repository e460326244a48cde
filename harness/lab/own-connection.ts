import { isIPv6 } from 'node:net';
import { type Endpoint, formatEndpoint, sameEndpoint } from '../model/endpoint.ts';
import { Flag, hasFlags, type Segment } from '../model/segment.ts';

/** The segments that one client of the server sent and received. */
interface Candidate {
  readonly client: Endpoint;
  segments: Segment[];
}

/**
 * Tells a pair's connection from the others of its server: late segments of the connection before, another client.
 * The client's end is known for certain once its socket has told it. Until then, and for ever when it is refused, it
 * is the one end that a SYN was seen of since connect() was told; while there are several, it is not known.
 */
export class OwnConnection {
  readonly #server: Endpoint;
  readonly #candidates = new Map<string, Candidate>();
  #own: Candidate | undefined;
  #following = false;

  constructor(server: Endpoint) {
    this.#server = server;
  }

  get client(): Endpoint | undefined {
    return this.#chosen()?.client;
  }

  /** In capture order; empty while it is not known which are its own. */
  get segments(): readonly Segment[] {
    return this.#chosen()?.segments ?? [];
  }

  /** Clients that a SYN was seen of while the own one is not known for certain. */
  get rivals(): readonly Endpoint[] {
    return this.#own === undefined ? this.#opened().map(({ client }) => client) : [];
  }

  get isFollowing(): boolean {
    return this.#following;
  }

  /** From now on segments count: the client is being told to connect. */
  follow(): void {
    this.#following = true;
  }

  add(segment: Segment): void {
    const client = this.#clientOf(segment);
    if (!this.#following || client === undefined) return;
    if (this.#own === undefined) addTo(this.#candidate(client), segment);
    else if (sameEndpoint(client, this.#own.client)) addTo(this.#own, segment);
  }

  /** The client's socket has told its own end. */
  confirm(client: Endpoint): void {
    // A socket that is not bound yet has port 0.
    if (this.#own !== undefined || client.port === 0) return;
    // One that tries several addresses is on its way to another of them.
    if (isIPv6(client.address) !== isIPv6(this.#server.address)) return;
    this.#own = this.#candidate(client);
    this.#candidates.clear();
  }

  #chosen(): Candidate | undefined {
    if (this.#own !== undefined) return this.#own;
    const [first, ...others] = this.#opened();
    return others.length === 0 ? first : undefined;
  }

  #opened(): readonly Candidate[] {
    return [...this.#candidates.values()].filter(({ segments }) => segments.some(isPureSyn));
  }

  #candidate(client: Endpoint): Candidate {
    const key = formatEndpoint(client);
    const candidate = this.#candidates.get(key) ?? { client, segments: [] };
    this.#candidates.set(key, candidate);
    return candidate;
  }

  #clientOf({ source, destination }: Segment): Endpoint | undefined {
    if (sameEndpoint(destination, this.#server)) return source;
    return sameEndpoint(source, this.#server) ? destination : undefined;
  }
}

/** The first SYN, from either end, begins a connection; what came before it was of another with the same two ends. */
function addTo(candidate: Candidate, segment: Segment): void {
  if (isPureSyn(segment) && !candidate.segments.some(isPureSyn)) candidate.segments = [segment];
  else candidate.segments.push(segment);
}

function isPureSyn(segment: Segment): boolean {
  return hasFlags(segment, Flag.SYN) && !hasFlags(segment, Flag.ACK);
}
