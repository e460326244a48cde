import { allowHalfOpen } from '../allow-half-open.ts';
import type { Scenario } from '../scenario.ts';

export const scenario: Scenario = allowHalfOpen({ allowed: 'server', endsFirst: 'client', rank: 12 });
