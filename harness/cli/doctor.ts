import { type Capability, examineMachine } from '../index.ts';
import { renderJson } from '../report/json.ts';
import { printable } from '../report/terminal/printable.ts';
import { wrapHanging } from '../report/terminal/text.ts';
import type { Command } from './command.ts';
import { ExitCode } from './exit-codes.ts';
import { print, say, textOptions } from './terminal.ts';

export const doctor: Command = {
  name: 'doctor',
  synopsis: '',
  about: 'try out what this machine grants, and say what to type for what it does not',
  options: { json: { type: 'boolean', about: 'print the answers as JSON' } },
  async run(values) {
    const report = await examineMachine();
    if (values['json'] === true) print(renderJson(report));
    else print(report.capabilities.flatMap((each) => describe(each, textOptions(values).columns)).join('\n'));
    say(
      report.mainJobRuns ? 'The main job runs here.' : 'The main job cannot run here; the fixes are above.',
    );
    return report.mainJobRuns ? ExitCode.met : ExitCode.missingCapability;
  },
};

/** `ok       tcpdump          tcpdump version 4.99.3`; what is missing says what that costs, and the fix. */
function describe({ name, granted, detail, without, fix }: Capability, columns: number): readonly string[] {
  const lines = [
    ...wrapHanging(`${granted ? 'ok     ' : 'missing'}  ${name.padEnd(16)} `, printable(detail), columns),
  ];
  if (granted) return lines;
  lines.push(...wrapHanging('         without it  ', without, columns));
  if (fix !== undefined) lines.push(...wrapHanging('         fix         ', printable(fix), columns));
  return lines;
}
