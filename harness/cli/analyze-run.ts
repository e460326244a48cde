import { readRun, readRunConnection, renderRunReport } from '../index.ts';
import { renderJsonLine } from '../report/json.ts';
import { renderLadder } from '../report/terminal/ladder.ts';
import { renderRunConnection } from '../report/terminal/run-ladder.ts';
import type { View } from './analyze-view.ts';
import { type OptionValues, usageError } from './command.ts';
import { ExitCode } from './exit-codes.ts';
import { print, textOptions } from './terminal.ts';

/** Version of what `--json` prints of a run; raised when a field changes its meaning or goes. */
const JSON_SCHEMA_VERSION = 1;

/** Tells of a run again: the report of its end, all its connections as JSON, or one of them whole. */
export async function analyzeRun(directory: string, view: View, values: OptionValues): Promise<ExitCode> {
  switch (view.kind) {
    case 'ladder':
      await showConnection(directory, view.connection ?? 0, values);
      return ExitCode.met;
    case 'json':
      return await showJson(directory, view);
    default: {
      const { matches } = view;
      const report = await readRun(directory, { ...(matches && { where: matches }) });
      print(renderRunReport(report, { ...textOptions(values), directory }));
      return codeOf(report);
    }
  }
}

async function showConnection(directory: string, id: number, values: OptionValues): Promise<void> {
  const found = await readRunConnection(directory, id);
  if (found === undefined) {
    throw usageError(
      `${directory} has no connection ${id}.`,
      `finwait analyze ${directory} --json lists them with their ids.`,
    );
  }
  const options = textOptions(values);
  if (found.timeline !== undefined) print(`${renderLadder(found.timeline, options)}\n`);
  print(renderRunConnection(found.connection, options));
}

async function showJson(directory: string, { matches }: View): Promise<ExitCode> {
  print(renderJsonLine({ kind: 'run', schemaVersion: JSON_SCHEMA_VERSION, directory }));
  const report = await readRun(directory, {
    ...(matches && { where: matches }),
    onConnection: (connection) => {
      print(renderJsonLine({ kind: 'connection', ...connection }));
    },
  });
  const { groups, ...counts } = report;
  const kinds = groups.map(({ example, ...group }) => ({ ...group, example: example.id }));
  print(renderJsonLine({ kind: 'summary', ...counts, groups: kinds }));
  return codeOf(report);
}

function codeOf({ damage }: Awaited<ReturnType<typeof readRun>>): ExitCode {
  return damage.some(({ kind }) => kind !== 'lane-missing') ? ExitCode.damagedEvidence : ExitCode.met;
}
