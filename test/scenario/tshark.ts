/** The live scenarios, captured by tcpdump as anyone would, then read by `analyze` and by tshark. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { execa } from 'execa';
import { startCapture } from '../../captures/tcpdump.ts';
import { findScenario } from '../../harness/scenario/catalogue.ts';
import { runScenario } from '../../harness/scenario/run-scenario.ts';
import type { Side } from '../../harness/model/connection.ts';
import type { RowEnding } from '../../harness/model/connection-row.ts';
import { missingTshark, tsharkVerdicts } from '../correlate/_wireshark-tshark.ts';
import { missingCapture } from '../support/capture.ts';
import { requireCapability } from '../support/require.ts';
import { shareLab } from '../support/shared-lab.ts';
import { rowDifferences, rowsOf } from '../support/tshark-rows.ts';

const hostLab = shareLab(test, { network: 'host' });

/** How each scenario ends, and who reset it, as the capture alone tells it. */
const ENDINGS: Readonly<Record<string, readonly [ending: RowEnding, resetBy?: Side]>> = {
  'handshake-and-close-by-client': ['closed'],
  'handshake-and-close-by-server': ['closed'],
  'half-close-by-client': ['closed'],
  'half-close-by-server': ['closed'],
  'auto-end': ['closed'],
  'destroy-idle': ['closed'],
  'destroy-unread': ['reset', 'server'],
  'reset-and-destroy': ['reset', 'client'],
  refused: ['refused'],
};

for (const [name, [ending, resetBy]] of Object.entries(ENDINGS)) {
  test.serial(`a capture of ${name}: analyze tells how it ended, and counts as tshark does`, async (t) => {
    const lab = hostLab(t);
    const scenario = findScenario(name);
    if (lab === undefined) return;
    if (scenario === undefined) return t.fail('there is no such scenario');
    if (!requireCapability(t, 'capture', await missingCapture())) return;
    const directory = await mkdtemp(path.join(tmpdir(), 'finwait-tshark-'));
    t.teardown(async () => {
      await rm(directory, { recursive: true });
    });
    const all = path.join(directory, 'lo.pcap');
    const capture = await startCapture({ file: all });
    const { connection } = await runScenario(lab, scenario);
    await capture.fence();
    await capture.stop();
    // Others are at work on lo, too.
    const own = path.join(directory, 'own.pcap');
    const ports = `port ${connection?.client.port ?? 0} and port ${connection?.server.port ?? 0}`;
    await execa('tcpdump', ['-r', all, '-w', own, ports]);

    const rows = await rowsOf(own);
    const listing = (await execa('tcpdump', ['-n', '-r', own])).stdout;
    t.is(rows.length, 1, listing);
    t.is(rows[0]?.ending, ending, listing);
    t.is(rows[0]?.resetBy, resetBy, listing);
    t.is(rows[0]?.closedBy, connection?.summary.firstCloser, listing);
    t.deepEqual(rows[0]?.anomalies, [], listing);
    const reason = await missingTshark();
    if (reason === undefined) t.deepEqual(rowDifferences(rows, await tsharkVerdicts(own)), []);
    else requireCapability(t, 'tshark', reason);
  });
}
