import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { NodeEvent, NodeEventName } from '../../harness/model/node-event.ts';
import { mergeEvents, readRunDirectory } from '../../harness/node/record-reader.ts';
import { observed, REGISTER } from './observed-program.ts';
import { TemporaryFolder } from './temporary-folder.ts';

/** Runs a program given as text and returns its events. */
export async function eventsOf(
  files: Readonly<Record<string, string>>,
  options: { readonly preload?: string } = {},
): Promise<NodeEvent[]> {
  using folder = new TemporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder.path, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  const directory = join(folder.path, 'records');
  const { preload } = options;
  const { stderr } = await observed(join(folder.path, Object.keys(files)[0] ?? ''), {
    directory,
    ...(preload !== undefined && { preload: `${preload} --require ${REGISTER}` }),
  });
  if (stderr !== '') throw new Error(stderr);
  return mergeEvents(await readRunDirectory(directory));
}

type Named<Name extends NodeEventName> = Extract<NodeEvent, { readonly name: Name }>;

/** Those of one name. */
export function all<Name extends NodeEventName>(events: readonly NodeEvent[], name: Name): Named<Name>[] {
  return events.filter((event): event is Named<Name> => event.name === name);
}

/** What most of those programs begin with: `listen(server, (port) => …)`. */
export const LISTEN = `
const net = require('node:net');
const http = require('node:http');
const listen = (server, job) => server.listen(0, '127.0.0.1', () => job(server.address().port));`;
