import type { StartFacts } from './execution-state.ts';
import type { AggregateRef } from '@throughline/contracts';

/** ARNs as AWS shapes them, so that definitions which take them apart go on working; they name nothing outside. */
const ACCOUNT = '111111111111';
export const REGION = 'us-east-1';
export const ROLE_ARN = `arn:aws:iam::${ACCOUNT}:role/throughline`;
export const statesArn = (resource: string): string => `arn:aws:states:${REGION}:${ACCOUNT}:${resource}`;

export const machineArn = (workflow: string): string => statesArn(`stateMachine:${workflow}`);
export const executionArn = (workflow: string, name: string): string => statesArn(`execution:${workflow}:${name}`);

/** As AWS names executions: children may have been given a name, all others are known by their id. */
export const executionName = (ref: AggregateRef, start: Pick<StartFacts, 'name'> | null): string =>
  start?.name ?? ref.aggregateId;
