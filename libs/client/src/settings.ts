import {
  type ActionClass,
  routes,
  type SlaClass,
  type TimeoutPolicy,
  type TimeoutPolicyView,
} from '@throughline/contracts';
import type { RequestOptions, Transport } from './transport.ts';

/** What a tenant has set for itself. */
export class Settings {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** All nine, by SLA class and action class. */
  async timeoutPolicies(options?: RequestOptions): Promise<readonly TimeoutPolicyView[]> {
    return (await this.#transport.call(routes.listTimeoutPolicies, { ...options })).items;
  }

  /** Sets the times that are named; the others stay. */
  setTimeoutPolicy(
    slaClass: SlaClass,
    actionClass: ActionClass,
    times: Partial<TimeoutPolicy>,
    options?: RequestOptions,
  ): Promise<TimeoutPolicyView> {
    return this.#transport.call(routes.setTimeoutPolicy, {
      ...options,
      params: { slaClass, actionClass },
      body: times,
    });
  }

  /** Back to the default. */
  resetTimeoutPolicy(
    slaClass: SlaClass,
    actionClass: ActionClass,
    options?: RequestOptions,
  ): Promise<TimeoutPolicyView> {
    return this.#transport.call(routes.resetTimeoutPolicy, { ...options, params: { slaClass, actionClass }, body: {} });
  }
}
