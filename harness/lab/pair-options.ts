import { isIP } from 'node:net';
import { type Endpoint, plainAddress } from '../model/endpoint.ts';
import { rejectUnknownOptions } from '../options.ts';
import type { ClientOptions } from '../peer/protocol.ts';
import { LabServer, type ServerChoice } from './lab-server.ts';
import type { PeerName } from './protocol.ts';

/** A client program for a lab. */
export interface ClientChoice {
  /** A behaviour in `clients/` by its file name, or the URL of a behaviour module of your own. */
  readonly behaviour: string | URL;
  readonly options?: ClientOptions;
  /** The peer process that it runs in; started if there is none of that name. @default 'client' */
  readonly peer?: PeerName;
}

/** In place of a server, a second client program, which connects to the first: a simultaneous open. */
export interface DiallingServer {
  readonly dials: string | URL | ClientChoice;
}

export interface PairOptions {
  /**
   * A behaviour in `servers/` by its file name, the URL of a behaviour module of your own, either with options, a
   * server of this lab that listens already, the endpoint of a program of your own that listens in the lab, a second
   * client that connects to the first, or `'nobody'`: a port where no one listens.
   */
  readonly server: string | URL | ServerChoice | LabServer | DiallingServer | Endpoint;
  /** A behaviour in `clients/` by its file name, the URL of a behaviour module of your own, or either with options. */
  readonly client: string | URL | ClientChoice;
  /**
   * True: both do only what they are told. False: they do what their behaviours do alone, too.
   * @default true
   */
  readonly driven?: boolean;
}

/** Who is at the server's end, told apart. */
export type ServerKind =
  | { readonly kind: 'nobody' }
  | { readonly kind: 'program'; readonly choice: ServerChoice }
  | { readonly kind: 'listening'; readonly server: LabServer }
  | { readonly kind: 'dialling'; readonly client: ClientChoice }
  | { readonly kind: 'foreign'; readonly endpoint: Endpoint };

/** @throws TypeError for an unknown option, or an endpoint that is none */
export function serverKind(server: PairOptions['server']): ServerKind {
  if (server === 'nobody') return { kind: 'nobody' };
  if (typeof server === 'string' || server instanceof URL) {
    return { kind: 'program', choice: { behaviour: server } };
  }
  if (server instanceof LabServer) return { kind: 'listening', server };
  if ('dials' in server) {
    rejectUnknownOptions(server, ['dials']);
    return { kind: 'dialling', client: clientChoice(server.dials) };
  }
  if ('behaviour' in server) {
    rejectUnknownOptions(server, ['behaviour', 'options', 'address', 'port', 'peer']);
    rejectUnknownOptions(server.options ?? {}, SERVER_OPTIONS);
    return { kind: 'program', choice: server };
  }
  return { kind: 'foreign', endpoint: checkEndpoint(server) };
}

/** @throws TypeError for an unknown option */
export function clientChoice(client: PairOptions['client']): ClientChoice {
  if (typeof client === 'string' || client instanceof URL) return { behaviour: client };
  rejectUnknownOptions(client, ['behaviour', 'options', 'peer']);
  rejectUnknownOptions(client.options ?? {}, CLIENT_OPTIONS);
  return client;
}

const SERVER_OPTIONS = [
  'allowHalfOpen',
  'pauseOnConnect',
  'maxConnections',
  'backlog',
  'noDelay',
  'keepAlive',
  'keepAliveInitialDelayMs',
];

const CLIENT_OPTIONS = [
  'allowHalfOpen',
  'host',
  'localAddress',
  'localPort',
  'autoSelectFamily',
  'autoSelectFamilyAttemptTimeoutMs',
  'noDelay',
  'keepAlive',
  'keepAliveInitialDelayMs',
  'idleLimitMs',
  'abortable',
];

/** Segments and sockets carry addresses, never names. */
function checkEndpoint({ address, port }: Endpoint): Endpoint {
  if (isIP(address) === 0) throw new TypeError(`The server’s address is not an IP address: "${address}"`);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new TypeError(`Not a port: ${port}`);
  return { address: plainAddress(address), port };
}
