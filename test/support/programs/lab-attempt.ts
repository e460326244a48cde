/** Tries to open a lab, says what became of it, and should then have nothing left to wait for. */
import { isFinwaitError } from '../../../harness/errors.ts';
import { type LabOptions, openLab } from '../../../harness/lab/open-lab.ts';

const network = process.argv[2] as NonNullable<LabOptions['network']>;
try {
  await using lab = await openLab({ network });
  process.stdout.write(`opened ${lab.network} ${lab.refusal ?? ''}\n`);
} catch (error) {
  process.stdout.write(`${isFinwaitError(error) ? `${error.code} ${error.hint ?? ''}` : String(error)}\n`);
}
