import type { StepWorkerConfig } from '../config.ts';
import { deliveryFailure } from '../deliveries/delivery-outcome.ts';
import { httpFailure } from '../http-steps/http-failure.ts';
import { Targets } from './targets.ts';

/** Of everything that this process calls on behalf of executions. Steps and deliveries of one origin do not share their fate. */
export interface TargetsOfWorker {
  readonly http: Targets;
  readonly webhooks: Targets;
}

export const targetsOf = ({
  slotsPerQueue,
  targetCallsMax,
}: Pick<StepWorkerConfig, 'slotsPerQueue' | 'targetCallsMax'>): TargetsOfWorker => {
  const runningMax = Math.min(targetCallsMax, slotsPerQueue);
  const bounds = {
    runningMax,
    // Half of the slots are left to the other targets.
    waitingMax: Math.max(0, Math.floor(slotsPerQueue / 2) - runningMax),
    nowMs: Date.now,
  };
  return {
    http: new Targets({ ...bounds, failureOf: httpFailure }),
    webhooks: new Targets({ ...bounds, failureOf: deliveryFailure }),
  };
};
