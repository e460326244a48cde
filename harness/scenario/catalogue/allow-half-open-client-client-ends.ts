import { allowHalfOpen } from '../allow-half-open.ts';
import type { Scenario } from '../scenario.ts';

export const scenario: Scenario = allowHalfOpen({ allowed: 'client', endsFirst: 'client', rank: 11 });
