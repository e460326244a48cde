import { readdirSync } from 'node:fs';
import { CHAPTERS, type Scenario } from './scenario.ts';

const FOLDER = new URL('./catalogue/', import.meta.url);

/**
 * Every scenario, in the order in which one would learn them: each file of catalogue/ is one. Found when this module
 * is loaded, so that a scenario is one file and no list has to name it.
 */
export const CATALOGUE: readonly Scenario[] = (await Promise.all(filesIn(FOLDER).map(load))).sort(byOrder);

/** @returns undefined when no scenario has that name */
export function findScenario(name: string): Scenario | undefined {
  return CATALOGUE.find((scenario) => scenario.name === name);
}

function filesIn(folder: URL): readonly string[] {
  return readdirSync(folder).filter((name) => name.endsWith('.js'));
}

async function load(file: string): Promise<Scenario> {
  const { scenario } = (await import(new URL(file, FOLDER).href)) as { readonly scenario?: Scenario };
  if (scenario === undefined) throw new TypeError(`catalogue/${file} exports no "scenario"`);
  return scenario;
}

function byOrder(a: Scenario, b: Scenario): number {
  return (
    CHAPTERS.indexOf(a.chapter) - CHAPTERS.indexOf(b.chapter) ||
    (a.rank ?? 50) - (b.rank ?? 50) ||
    (a.name < b.name ? -1 : 1)
  );
}
