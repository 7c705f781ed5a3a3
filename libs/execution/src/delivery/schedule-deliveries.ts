import { DELIVERY_ENDS_PRESET, DELIVERY_POLICY_PRESET, type DeliveryRequest } from '@throughline/contracts';
import type { Run } from '../decide/run.ts';
import { ofRecord } from '../derived.ts';
import { sha256Hex } from '../hashes.ts';
import { jsonBytes } from '../json-size.ts';

/** Right after the terminal event: one delivery for each target that wants this end. */
export const scheduleDeliveries = (run: Run): void => {
  // Of what the record has answered, the results are known.
  if (ofRecord(run.state) !== null) return;
  const { delivery } = run.state;
  const ofMachine = run.machine.machine.extension?.delivery;
  if (ofMachine) scheduleFor(run, ofMachine);
  if (delivery?.asked) scheduleFor(run, delivery.asked);
};

const scheduleFor = (run: Run, request: DeliveryRequest): void => {
  const { status, ref } = run.state;
  const wanted: readonly string[] = request.on ?? DELIVERY_ENDS_PRESET;
  if (!wanted.includes(status)) return;
  const policy = {
    maxAttempts: request.maxAttempts ?? DELIVERY_POLICY_PRESET.maxAttempts,
    intervalSeconds: request.intervalSeconds ?? DELIVERY_POLICY_PRESET.intervalSeconds,
    backoffRate: request.backoffRate ?? DELIVERY_POLICY_PRESET.backoffRate,
    maxDelaySeconds: request.maxDelaySeconds ?? DELIVERY_POLICY_PRESET.maxDelaySeconds,
  };
  for (const target of request.targets) {
    const place = `${run.state.version + 1}.${run.state.roundEvents}`;
    const idempotencyKey = sha256Hex(JSON.stringify([ref.tenant, ref.aggregateId, 'delivery', place]));
    run.emit({ type: 'DeliveryScheduled', target, policy, idempotencyKey }, jsonBytes(target));
  }
};
