import { childAwaits } from '@throughline/asl';
import type { JsonObject } from '@throughline/contracts';
import { type OpenAttempt, REGION } from '@throughline/execution';
import { type AwsEventBody, errorFields, inputFields, outputFields } from './aws-event.ts';
import type { Json } from '@throughline/contracts';

/** AWS has three families of events for Task states, by what the resource is. */
type Family = 'Task' | 'LambdaFunction' | 'Activity';

const SERVICE = /^arn:[^:]*:states:[^:]*:[^:]*:(aws-sdk:)?([^:]+):(.+)$/;
const LAMBDA_FUNCTION = /^arn:[^:]*:lambda:[^:]*:[^:]*:function:/;
const ACTIVITY = /^arn:[^:]*:states:[^:]*:[^:]*:activity:/;
const OWN = /^tl:task:([^:]+):(.+)$/;

const familyOf = (resource: string): Family =>
  LAMBDA_FUNCTION.test(resource) ? 'LambdaFunction' : ACTIVITY.test(resource) ? 'Activity' : 'Task';

/** `arn:aws:states:::aws-sdk:s3:listBuckets` is resource `listBuckets` of resource type `aws-sdk:s3`. */
export const namedResource = (resource: string): { readonly resource: string; readonly resourceType: string } => {
  const own = OWN.exec(resource);
  if (own?.[1] !== undefined && own[2] !== undefined) return { resource: own[2], resourceType: own[1] };
  const service = SERVICE.exec(resource);
  if (service?.[2] !== undefined && service[3] !== undefined) {
    return { resource: service[3], resourceType: `${service[1] ?? ''}${service[2]}` };
  }
  return { resource, resourceType: 'task' };
};

type Attempt = Pick<OpenAttempt, 'resource' | 'awaits' | 'submitted' | 'input' | 'timeoutMs' | 'heartbeatMs'>;

const body = (family: Family, what: string, details: JsonObject): AwsEventBody => ({
  type: `${family}${what}`,
  details: { name: `${family.charAt(0).toLowerCase()}${family.slice(1)}${what}EventDetails`, body: details },
});

/** Who ran it: only the Task family says it on every event. */
const named = (family: Family, resource: string): JsonObject => (family === 'Task' ? namedResource(resource) : {});

const seconds = (attempt: Attempt): JsonObject => ({
  ...(attempt.timeoutMs === null ? {} : { timeoutInSeconds: attempt.timeoutMs / 1_000 }),
  ...(attempt.heartbeatMs === null ? {} : { heartbeatInSeconds: attempt.heartbeatMs / 1_000 }),
});

/** An attempt that is opened is scheduled and started at once: no worker says when it takes a task, only who polls an activity does. */
export const scheduledEvents = (attempt: Attempt): readonly AwsEventBody[] => {
  const family = familyOf(attempt.resource);
  if (family === 'Task') {
    const { resource, resourceType } = namedResource(attempt.resource);
    const parameters = JSON.stringify(attempt.input);
    return [
      body(family, 'Scheduled', { resourceType, resource, region: REGION, parameters, ...seconds(attempt) }),
      body(family, 'Started', { resourceType, resource }),
    ];
  }
  const scheduled = body(family, 'Scheduled', {
    resource: attempt.resource,
    ...inputFields(attempt.input),
    ...seconds(attempt),
  });
  // AWS says nothing more of a function that has started.
  return family === 'LambdaFunction' ? [scheduled, { type: 'LambdaFunctionStarted' }] : [scheduled];
};

/** The work was handed on, or somebody has taken the activity. */
export const submittedEvent = (
  attempt: Attempt,
  output: Json | undefined,
  worker: string | undefined,
): AwsEventBody => {
  const family = familyOf(attempt.resource);
  if (family === 'Activity') return body(family, 'Started', worker === undefined ? {} : { workerName: worker });
  return body('Task', 'Submitted', {
    ...namedResource(attempt.resource),
    ...(output === undefined ? {} : outputFields(output)),
  });
};

export const succeededEvent = (attempt: Attempt, output: Json): AwsEventBody => {
  const family = familyOf(attempt.resource);
  return body(family, 'Succeeded', { ...named(family, attempt.resource), ...outputFields(output) });
};

export const failedEvent = (attempt: Attempt, error?: string | null, cause?: string | null): AwsEventBody =>
  failed('Failed', attempt, error, cause);

/** A worker has failed; one that was to hand the work on, before it had. */
export const workerFailedEvent = (attempt: Attempt, error?: string | null, cause?: string | null): AwsEventBody =>
  failed(isHandedOn(attempt) && !attempt.submitted ? 'SubmitFailed' : 'Failed', attempt, error, cause);

const isHandedOn = ({ awaits, resource }: Attempt): boolean =>
  (awaits === 'job' || awaits === 'callback' || (awaits === 'child' && childAwaits(resource) !== 'start')) &&
  familyOf(resource) === 'Task';

const failed = (what: string, attempt: Attempt, error?: string | null, cause?: string | null): AwsEventBody => {
  const family = familyOf(attempt.resource);
  return body(family, what, { ...named(family, attempt.resource), ...errorFields(error, cause) });
};

export const timedOutEvent = (attempt: Attempt, error: string): AwsEventBody => {
  const family = familyOf(attempt.resource);
  return body(family, 'TimedOut', { ...named(family, attempt.resource), error });
};
