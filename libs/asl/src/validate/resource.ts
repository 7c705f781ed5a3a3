import { defaultEffectClass, DELIVERY_QUEUE, type EffectClass, SUBJECT_TOKEN } from '@throughline/contracts';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { activityQueue } from '../activity-queue.ts';
import { CHILD_AWAITS_BY_SUFFIX } from '../child-awaits.ts';
import type { TaskResource } from '../machine.ts';
import { type Fields, quoted } from './fields.ts';

const HTTP_INVOKE = 'arn:aws:states:::http:invoke';
const CALLBACK = '.waitForTaskToken';
const HANDLER = /^[A-Za-z0-9_.-]{1,128}$/;
/** `arn:aws:states:::sqs:sendMessage.waitForTaskToken`, `arn:aws:states:::aws-sdk:s3:listBuckets` */
const SERVICE =
  /^arn:[^:]{1,64}:states:::((?:aws-sdk:)?[A-Za-z0-9_-]{1,56}):([A-Za-z0-9_-]{1,100})(\.sync(?::2)?|\.waitForTaskToken)?$/;
const FUNCTION = /^arn:[^:]{1,64}:lambda:[^:]{0,64}:[^:]{0,64}:function:([^:]{1,140})(?::[^:]{1,128})?$/;
const ACTIVITY = /^arn:[^:]{1,64}:states:[^:]{0,64}:[^:]{0,64}:activity:([^:]{1,80})$/;
const WORKER = /^tl:task:([^:]*):([^:]*)$/;
const APPROVAL = 'tl:approval';
const SIGNAL = /^tl:signal:([A-Za-z0-9_.-]{1,128})$/;
const EXPECTED =
  '"tl:task:<queue>:<handler>", "tl:approval", "tl:signal:<name>", "arn:aws:states:::<service>:<api>", the ARN of a Lambda function or of an activity';

/** What a task runs, and what its effect is taken for where the definition does not say. */
interface ReadResource {
  readonly resource: TaskResource;
  readonly effectClass: EffectClass;
}

/** The names of functions may hold what a handler's may not; such a name becomes its hash. */
const handlerOf = (name: string): string =>
  HANDLER.test(name) ? name : bytesToHex(sha256(utf8ToBytes(name))).slice(0, 32);

const serviceTask = (text: string, resourceType: string, api: string, way: string): TaskResource => {
  const awaits = way === CALLBACK ? 'callback' : way === '' ? 'result' : 'job';
  const handler = resourceType === 'http' && api === 'invoke' ? 'http' : api;
  const names = { text, resourceType, resource: `${api}${way}` };
  return { kind: 'task', ...names, queue: resourceType.replace(':', '-'), handler, awaits };
};

const resourceOf = (text: string): TaskResource | undefined => {
  const [, resourceType, api, way = ''] = SERVICE.exec(text) ?? [];
  if (resourceType !== undefined && api !== undefined) {
    const awaits = CHILD_AWAITS_BY_SUFFIX[way];
    if (resourceType === 'states' && api === 'startExecution' && awaits !== undefined) {
      return { kind: 'child', text, resourceType, resource: `${api}${way}`, awaits };
    }
    return serviceTask(text, resourceType, api, way);
  }
  const [, name] = FUNCTION.exec(text) ?? [];
  if (name !== undefined) {
    const names = { text, resourceType: 'lambda', resource: text };
    return { kind: 'task', ...names, queue: 'lambda', handler: handlerOf(name), awaits: 'result' };
  }
  const [, activity] = ACTIVITY.exec(text) ?? [];
  if (activity === undefined) return undefined;
  return { kind: 'activity', text, resourceType: 'activity', resource: text, queue: activityQueue(activity) };
};

const workerTask = (text: string): TaskResource | undefined => {
  const [, queue, named] = WORKER.exec(text) ?? [];
  if (queue === undefined || named === undefined) return undefined;
  const awaits = named.endsWith(CALLBACK) ? 'callback' : 'result';
  const handler = awaits === 'callback' ? named.slice(0, -CALLBACK.length) : named;
  if (!SUBJECT_TOKEN.test(queue) || !HANDLER.test(handler)) return undefined;
  return { kind: 'task', text, resourceType: queue, resource: named, queue, handler, awaits };
};

/** What people do: the engine itself waits for it. */
const peopleTask = (text: string): TaskResource | undefined => {
  if (text === APPROVAL) return { kind: 'approval', text, resourceType: 'tl', resource: 'approval' };
  const [, signal] = SIGNAL.exec(text) ?? [];
  if (signal === undefined) return undefined;
  return { kind: 'signal', text, resourceType: 'tl', resource: 'signal', signal };
};

export const readResource = (fields: Fields): ReadResource => {
  fields.require('Resource');
  const text = fields.text('Resource') ?? HTTP_INVOKE;
  const resource = workerTask(text) ?? peopleTask(text) ?? resourceOf(text);
  // Where the engine's own deliveries go, no step is run.
  const isFree = resource?.kind !== 'task' || resource.queue !== DELIVERY_QUEUE;
  if (resource && isFree) return { resource, effectClass: defaultEffectClass(text) };
  fields.fault('Resource', 'UNKNOWN_RESOURCE', `${quoted(text)} cannot be run; write ${EXPECTED}.`);
  return { resource: serviceTask(HTTP_INVOKE, 'http', 'invoke', ''), effectClass: 'external' };
};
