import type { ExecutionContext, TestFn } from 'ava';
import { isFinwaitError } from '../../harness/errors.ts';
import type { Lab } from '../../harness/lab/lab.ts';
import { openLab } from '../../harness/lab/open-lab.ts';
import type { HostCount } from '../../harness/lab/protocol.ts';
import { FewAtOnce } from './few-at-once.ts';
import { requireCapability } from './require.ts';

/** Private labs for tests that run at once: each has one for itself, and the next test has it again, warm. */
export class LabPool {
  readonly #free: { readonly hosts: HostCount; readonly lab: Lab }[] = [];
  readonly #all: Lab[] = [];
  readonly #atOnce = new FewAtOnce();

  /** Closes the labs behind the last test of the file. */
  constructor(test: TestFn) {
    test.after.always(async () => {
      await Promise.all(this.#all.map((lab) => lab.stop()));
    });
  }

  /** Runs `body` with a lab; skips the test, with the reason, where this machine grants none. */
  async use(t: ExecutionContext, hosts: HostCount, body: (lab: Lab) => Promise<void>): Promise<void> {
    await this.#atOnce.run(async () => {
      const lab = await this.#take(hosts);
      if (typeof lab === 'string') {
        requireCapability(t, 'lab', lab);
        return;
      }
      await body(lab);
      this.#free.push({ hosts, lab });
    });
  }

  /** A lab, or why there is none. */
  async #take(hosts: HostCount): Promise<Lab | string> {
    const at = this.#free.findIndex((each) => each.hosts === hosts);
    const [free] = at === -1 ? [] : this.#free.splice(at, 1);
    if (free !== undefined) return free.lab;
    try {
      const lab = await openLab({ network: 'private', hosts });
      this.#all.push(lab);
      return lab;
    } catch (error) {
      if (isFinwaitError(error)) return error.message;
      throw error;
    }
  }
}
