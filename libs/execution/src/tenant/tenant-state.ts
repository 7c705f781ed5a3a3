import {
  type ActionClass,
  type Actor,
  type AggregateRef,
  aggregateIdSchema,
  type Instant,
  RULES_VERSION,
  type SlaClass,
  type Tenant,
  type TimeoutPolicy,
} from '@throughline/contracts';
import type { SettledLetter } from './settle-dead-letter.ts';
import { type AggregateState, emptyAggregateState } from '../aggregate-state.ts';

/** A policy that somebody has set in place of its default. */
export interface EditedPolicy {
  readonly slaClass: SlaClass;
  readonly actionClass: ActionClass;
  readonly policy: TimeoutPolicy;
  readonly at: Instant;
  readonly by: Actor;
  /** The commit that set it. */
  readonly commitVersion: number;
}

export type PolicyKey = `${SlaClass}.${ActionClass}`;
export const policyKey = (slaClass: SlaClass, actionClass: ActionClass): PolicyKey => `${slaClass}.${actionClass}`;

export interface TenantState extends AggregateState {
  /** Only those that are not the default. */
  readonly policies: Readonly<Partial<Record<PolicyKey, EditedPolicy>>>;
  /** The latest ones, newest last. */
  readonly settledLetters: readonly SettledLetter[];
}

export const initialTenant = (ref: AggregateRef): TenantState => ({
  ...emptyAggregateState(ref, RULES_VERSION),
  policies: {},
  settledLetters: [],
});

/** One per tenant, and of its name. */
export const tenantRef = (tenant: Tenant): AggregateRef => ({
  tenant,
  aggregate: 'tenant',
  aggregateId: aggregateIdSchema.parse(tenant),
});
