import {
  DELIVERY_ENDS,
  DELIVERY_TARGETS_MAX,
  type DeliveryEnd,
  type DeliveryRequest,
  type DeliveryTarget,
  problemOfTarget,
  WEBHOOK_TIMEOUT_SECONDS_MAX,
} from '@throughline/contracts';
import type { Fields } from './fields.ts';

const FIELDS = ['On', 'Targets', 'MaxAttempts', 'IntervalSeconds', 'BackoffRate', 'MaxDelaySeconds'];
const TARGET_TYPES = ['webhook', 'nats', 'file'] as const;

/** `Delivery` of a machine's `Throughline`: where the result of every execution goes. */
export const readDelivery = (extension: Fields): DeliveryRequest | undefined => {
  const fields = extension.object('Delivery');
  if (!fields) return undefined;
  fields.allowOnly(FIELDS);
  fields.require('Targets');
  const given = fields.objects('Targets');
  if (given.length < 1 || given.length > DELIVERY_TARGETS_MAX) {
    fields.fault('Targets', 'OUT_OF_RANGE', `"Targets" has to be 1 to ${DELIVERY_TARGETS_MAX} objects.`);
  }
  const on = readEnds(fields);
  const maxAttempts = fields.integer('MaxAttempts', 1, 50);
  const intervalSeconds = fields.number('IntervalSeconds', 0.05, 86_400);
  const backoffRate = fields.number('BackoffRate', 1, 10);
  const maxDelaySeconds = fields.number('MaxDelaySeconds', 0.05, 86_400);
  return {
    ...(on && { on }),
    targets: given.flatMap((target) => readTarget(target) ?? []),
    ...(maxAttempts !== undefined && { maxAttempts }),
    ...(intervalSeconds !== undefined && { intervalSeconds }),
    ...(backoffRate !== undefined && { backoffRate }),
    ...(maxDelaySeconds !== undefined && { maxDelaySeconds }),
  };
};

const readEnds = (fields: Fields): DeliveryEnd[] | undefined => {
  if (!fields.has('On')) return undefined;
  const ends = fields.list('On').map((end) => DELIVERY_ENDS.find((known) => known === end));
  const known = ends.flatMap((end) => end ?? []);
  if (known.length < ends.length || known.length === 0 || new Set(known).size < known.length) {
    fields.fault('On', 'OUT_OF_RANGE', `"On" has to be a list of ${DELIVERY_ENDS.join(', ')}, each at most once.`);
  }
  return known;
};

const readTarget = (fields: Fields): DeliveryTarget | undefined => {
  if (!fields.require('Type')) return undefined;
  const target = targetOf(fields, fields.oneOf('Type', TARGET_TYPES));
  const problem = target && problemOfTarget(target);
  if (problem !== undefined) fields.fault(undefined, 'OUT_OF_RANGE', `This is no target: ${problem}.`);
  return target;
};

const targetOf = (fields: Fields, type: (typeof TARGET_TYPES)[number]): DeliveryTarget | undefined => {
  switch (type) {
    case 'webhook': {
      fields.allowOnly(['Type', 'Url', 'Secret', 'TimeoutSeconds']);
      const secret = fields.text('Secret');
      const timeoutSeconds = fields.integer('TimeoutSeconds', 1, WEBHOOK_TIMEOUT_SECONDS_MAX);
      if (!fields.require('Url')) return undefined;
      return {
        type,
        url: fields.text('Url') ?? '',
        ...(secret !== undefined && { secret }),
        ...(timeoutSeconds !== undefined && { timeoutSeconds }),
      };
    }
    case 'nats':
      fields.allowOnly(['Type', 'Subject']);
      return fields.require('Subject') ? { type, subject: fields.text('Subject') ?? '' } : undefined;
    case 'file':
      fields.allowOnly(['Type', 'Path']);
      return fields.require('Path') ? { type, path: fields.text('Path') ?? '' } : undefined;
  }
};
