import { scenario as autoEnd } from './catalogue/auto-end.ts';
import { scenario as destroyIdle } from './catalogue/destroy-idle.ts';
import { scenario as destroyUnread } from './catalogue/destroy-unread.ts';
import { scenario as halfCloseByClient } from './catalogue/half-close-by-client.ts';
import { scenario as halfCloseByServer } from './catalogue/half-close-by-server.ts';
import { scenario as closeByClient } from './catalogue/handshake-and-close-by-client.ts';
import { scenario as closeByServer } from './catalogue/handshake-and-close-by-server.ts';
import { scenario as refused } from './catalogue/refused.ts';
import { scenario as resetAndDestroy } from './catalogue/reset-and-destroy.ts';
import type { Scenario } from './scenario.ts';

/** Every scenario, in the order in which one would learn them. */
export const CATALOGUE: readonly Scenario[] = [
  closeByClient,
  closeByServer,
  halfCloseByClient,
  halfCloseByServer,
  autoEnd,
  destroyIdle,
  destroyUnread,
  resetAndDestroy,
  refused,
];

/** @returns undefined when no scenario has that name */
export function findScenario(name: string): Scenario | undefined {
  return CATALOGUE.find((scenario) => scenario.name === name);
}
