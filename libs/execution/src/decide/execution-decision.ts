import type { ExecutionEvent } from '@throughline/contracts';
import type { Decision } from '../decider.ts';
import type { ExecutionState } from '../execution-state.ts';

export type ExecutionDecision = Decision<ExecutionState, ExecutionEvent>;
