import { existsSync } from 'node:fs';

/**
 * The module URL of a behaviour, by its file name in `servers/` or `clients/`, or as given.
 * @throws TypeError when there is no such file
 */
export function moduleOf(folder: 'servers' | 'clients', behaviour: string | URL): string {
  if (behaviour instanceof URL) return behaviour.href;
  const module = new URL(`../../${folder}/${behaviour}.js`, import.meta.url);
  if (!/^[a-z-]+$/.test(behaviour) || !existsSync(module)) {
    throw new TypeError(`Unknown behaviour "${behaviour}": there is no ${folder}/${behaviour}.ts`);
  }
  return module.href;
}
