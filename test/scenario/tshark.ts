/** The live scenarios, captured by tcpdump as anyone would, then read by `analyze` and by tshark. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { execa } from 'execa';
import { startCapture } from '../../captures/tcpdump.ts';
import { findScenario } from '../../harness/scenario/catalogue.ts';
import { runScenario } from '../../harness/scenario/run-scenario.ts';
import { missingTshark, tsharkVerdicts } from '../correlate/_wireshark-tshark.ts';
import { missingCapture } from '../support/capture.ts';
import { requireCapability } from '../support/require.ts';
import { shareLab } from '../support/shared-lab.ts';
import { rowDifferences, rowsOf } from '../support/tshark-rows.ts';

const hostLab = shareLab(test, { network: 'host' });

const SCENARIOS = [
  ...['handshake-and-close-by-client', 'handshake-and-close-by-server', 'half-close-by-client'],
  ...['half-close-by-server', 'auto-end', 'destroy-idle', 'destroy-unread', 'reset-and-destroy', 'refused'],
];

for (const name of SCENARIOS) {
  test.serial(
    `a capture of ${name}: analyze tells what the lab tells, and counts as tshark does`,
    async (t) => {
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
      const capture = await startCapture({ file: all, bufferKiB: 32_768 });
      const { connection } = await runScenario(lab, scenario);
      await capture.fence();
      await capture.stop();
      t.deepEqual(capture.damage, []);
      // Others are at work on lo, too.
      const own = path.join(directory, 'own.pcap');
      const ports = `port ${connection?.client.port ?? 0} and port ${connection?.server.port ?? 0}`;
      await execa('tcpdump', ['-r', all, '-w', own, ports]);

      const rows = await rowsOf(own);
      const listing = (await execa('tcpdump', ['-n', '-r', own])).stdout;
      t.is(rows.length, 1, listing);
      const told = connection?.summary;
      t.is(rows[0]?.ending, told?.ending, listing);
      t.is(rows[0]?.resetBy, told?.ending === 'reset' ? told.resetBy : undefined, listing);
      t.is(rows[0]?.closedBy, told?.firstCloser, listing);
      t.is(rows[0]?.closeSegments, told?.closeSegments, listing);
      t.is(rows[0]?.bytesAfterFirstFin, told?.bytesAfterFirstFin, listing);
      t.deepEqual(rows[0]?.bytes, told?.payloadBytes, listing);
      const reason = await missingTshark();
      if (reason === undefined) t.deepEqual(rowDifferences(rows, await tsharkVerdicts(own)), []);
      else requireCapability(t, 'tshark', reason);
    },
  );
}
