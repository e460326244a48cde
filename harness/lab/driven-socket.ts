import type { SocketCommand } from '../peer/protocol.ts';
import type { WaitOptions } from '../timing.ts';

/**
 * A socket in a peer process that does what it is told. Each method resolves when the call has returned *there*;
 * what came of it is awaited with {@link Pair.until}.
 */
export interface DrivenSocket {
  write(data: string | Uint8Array): Promise<void>;
  /** Half-closes, after `data` if given. */
  end(data?: string | Uint8Array): Promise<void>;
  destroy(): Promise<void>;
  resetAndDestroy(): Promise<void>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Takes up to `bytes` from a paused socket. */
  read(bytes: number): Promise<void>;
  /** Any of the above as data. */
  tell(command: SocketCommand, options?: WaitOptions): Promise<void>;
}

export function drive(tell: DrivenSocket['tell']): DrivenSocket {
  return {
    tell,
    write: (data) => tell({ verb: 'write', data }),
    end: (data) => tell({ verb: 'end', ...(data !== undefined && { data }) }),
    destroy: () => tell({ verb: 'destroy' }),
    resetAndDestroy: () => tell({ verb: 'resetAndDestroy' }),
    pause: () => tell({ verb: 'pause' }),
    resume: () => tell({ verb: 'resume' }),
    read: (bytes) => tell({ verb: 'read', bytes }),
  };
}
