import { type Capability, examineMachine } from '../lab/examine-machine.ts';
import { renderJson } from '../report/json.ts';
import type { Command } from './command.ts';
import { ExitCode } from './exit-codes.ts';
import { print, say, terminalOptions } from './terminal.ts';
import { paint } from '../report/terminal/paint.ts';

export const doctor: Command = {
  name: 'doctor',
  synopsis: '[--json]',
  about: 'Tries out what this machine grants, and says what to type for what it does not.',
  options: { json: { type: 'boolean', about: 'print the answers as JSON' } },
  async run({ json }) {
    const report = await examineMachine();
    if (json === true) print(renderJson(report));
    else {
      for (const capability of report.capabilities) print(describe(capability));
      say(report.mainJobRuns ? 'The main job runs here.' : 'The main job cannot run here; see the fixes above.');
    }
    return report.mainJobRuns ? ExitCode.met : ExitCode.missingCapability;
  },
};
