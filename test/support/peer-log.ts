import type { JsReport } from '../../harness/model/observation.ts';
import { type Peer, startPeer } from '../../harness/peer/parent.ts';
import type { PeerEvents, SocketId } from '../../harness/peer/protocol.ts';
import { builtFile } from './child-program.ts';
import { eventually } from './eventually.ts';

/** `file:` URL of a behaviour: `clients/half-close`. */
export function moduleUrl(path: string): string {
  return new URL(`file://${builtFile(`${path}.js`)}`).href;
}

/** A peer process and all that it has reported. */
export class LoggedPeer implements AsyncDisposable {
  readonly peer: Peer;
  readonly reports: { readonly socketId: SocketId; readonly report: JsReport }[] = [];
  readonly accepted: { readonly serverId: number; readonly socketId: SocketId }[] = [];

  readonly serverReports: JsReport[] = [];

  constructor(name: string) {
    const events: PeerEvents = {
      accepted: (serverId, socketId) => this.accepted.push({ serverId, socketId }),
      serverReport: (_serverId, report) => this.serverReports.push(report),
      report: (socketId, report) => this.reports.push({ socketId, report }),
    };
    this.peer = startPeer(events, { name });
  }

  of(socketId: SocketId): readonly JsReport[] {
    return this.reports.filter((entry) => entry.socketId === socketId).map(({ report }) => report);
  }

  /** Calls in order: `end`, `destroy by node`. */
  calls(socketId: SocketId): readonly string[] {
    return this.of(socketId)
      .filter(({ kind }) => kind === 'call')
      .map(({ name, by }) => (by === 'node' ? `${name} by node` : name));
  }

  /** Resolves with the first such event. */
  async event(socketId: SocketId, name: string): Promise<JsReport> {
    return await eventually(
      `'${name}' of socket ${socketId}`,
      () => this.of(socketId).find((report) => report.kind === 'event' && report.name === name),
      () => this.names(socketId).join(', '),
    );
  }

  /** Calls and events in order: `connect()`, `'connect'`. */
  names(socketId: SocketId): readonly string[] {
    return this.of(socketId).map(({ kind, name }) => (kind === 'call' ? `${name}()` : `'${name}'`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.peer.stop();
  }
}
