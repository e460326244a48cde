import { allowHalfOpen } from '../allow-half-open.ts';
import type { Scenario } from '../scenario.ts';

export const scenario: Scenario = allowHalfOpen({ allowed: 'none', endsFirst: 'server', rank: 14 });
