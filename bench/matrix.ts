/**
 * npm run matrix [-- --versions 20,22,24,26 --rounds 2]: the catalogue under each of these Node versions, and what
 * differs. Real binaries, from the npm packages `node@…`, installed on first use where scripts/node-versions.js has them.
 * Exits with 1 when a scenario is not met under one of them.
 */
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { commandLine, countOption } from './command-line.ts';
import { type Features, featuresOf, type JsonRun } from './run-features.ts';

const { majors, rounds } = commandLine(
  'npm run matrix -- [--versions 20,22,24,26] [--rounds 2]',
  { versions: '20,22,24,26', rounds: '2' },
  (texts) => ({ majors: majorsOf(texts.versions), rounds: countOption('rounds', texts.rounds, 1) }),
);
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** By scenario, by Node version: one for each round. */
const seen = new Map<string, Map<string, Features[]>>();
const names: string[] = [];
for (const major of majors) {
  const binary = await installed(major);
  const { stdout: name } = await execa(binary, ['--version']);
  names.push(name);
  for (let round = 1; round <= rounds; round++) {
    process.stderr.write(`${name}, round ${round} of ${rounds}: `);
    const startedAt = performance.now();
    const runs = await runCatalogueUnder(binary);
    for (const run of runs) remember(run, name);
    const met = runs.filter(({ status }) => status === 'met').length;
    process.stderr.write(
      `${met} of ${runs.length} met, ${((performance.now() - startedAt) / 1000).toFixed(1)} s\n`,
    );
  }
}
printDifferences();

function majorsOf(versions: string): string[] {
  if (/^\d+(,\d+)*$/.test(versions)) return versions.split(',');
  throw new TypeError(`--versions takes major versions of Node (20,22,24,26), not "${versions}"`);
}

/** The path of that version's binary. */
async function installed(major: string): Promise<string> {
  const { stdout } = await execa(process.execPath, [`${ROOT}scripts/node-binary.js`, major], {
    stderr: 'inherit',
  });
  return stdout;
}

async function runCatalogueUnder(binary: string): Promise<readonly JsonRun[]> {
  const args = [`${ROOT}dist/harness/cli/main.js`, 'demo', 'all', '--json'];
  const { stdout, stderr, exitCode, signal } = await execa(binary, args, {
    reject: false,
    maxBuffer: 1 << 29,
  });
  try {
    return (JSON.parse(stdout) as { readonly runs: readonly JsonRun[] }).runs;
  } catch (error) {
    const how = signal ?? `exit code ${exitCode ?? 'unknown'}`;
    throw new Error(`${binary} ${args.join(' ')} ended with ${how} and printed no JSON\n${stderr}`, {
      cause: error,
    });
  }
}

function remember(run: JsonRun, version: string): void {
  const byVersion = seen.get(run.scenario) ?? new Map<string, Features[]>();
  seen.set(run.scenario, byVersion);
  byVersion.set(version, [...(byVersion.get(version) ?? []), featuresOf(run)]);
}

function printDifferences(): void {
  let different = 0;
  for (const [scenario, byVersion] of seen) {
    const features = [...new Set([...byVersion.values()].flat().flatMap((each) => Object.keys(each)))];
    const rows = features.flatMap((feature) => {
      const cells = names.map((name) => cellOf(feature, byVersion.get(name) ?? []));
      // What varies from run to run under one version is the kernel's timing, or chance.
      const settled = cells.filter((cell) => !cell.includes(' or '));
      return new Set(settled).size > 1 ? [{ feature, cells }] : [];
    });
    if (rows.length === 0) continue;
    different++;
    process.stdout.write(`${scenario}\n`);
    for (const { feature, cells } of rows) {
      process.stdout.write(`  ${feature}\n`);
      for (const [index, cell] of cells.entries()) {
        process.stdout.write(`    ${(names[index] ?? '').padEnd(10)} ${cell}\n`);
      }
    }
  }
  const unmet = [...seen].flatMap(([scenario, byVersion]) =>
    [...byVersion].flatMap(([version, each]) => {
      return each.every(({ status }) => status === 'met') ? [] : [`${scenario} under ${version}`];
    }),
  );
  process.stdout.write(
    `${seen.size} scenarios under ${names.join(', ')}: ${different} differ; not met: ${unmet.join(', ') || 'none'}\n`,
  );
  process.exitCode = unmet.length === 0 ? 0 : 1;
}

/** What all rounds agree on; `a or b` where they do not. */
function cellOf(feature: string, rounds: readonly Features[]): string {
  return [...new Set(rounds.map((each) => each[feature] ?? '-'))].join(' or ');
}
