import { type EffectClass, SUBJECT_TOKEN } from '@throughline/contracts';
import type { TaskResource } from '../machine.ts';
import type { Fields } from './fields.ts';

const HTTP_INVOKE = 'arn:aws:states:::http:invoke';
const HANDLER = /^[A-Za-z0-9_.-]{1,128}$/;
const EXPECTED = `"tl:task:<queue>:<handler>" or "${HTTP_INVOKE}"`;

/** What a task runs, and what its effect is taken for where the definition does not say. */
interface ReadResource {
  readonly resource: TaskResource;
  readonly effectClass: EffectClass;
}

const http = (text: string): ReadResource => ({
  resource: {
    kind: 'task',
    text,
    resourceType: 'http',
    resource: 'invoke',
    queue: 'http',
    handler: 'http',
    awaits: 'result',
  },
  effectClass: 'external',
});

const refuse = (fields: Fields, text: string): void => {
  if (text.startsWith('arn:')) {
    const message = `This version does not run "${text.slice(0, 200)}"; it runs ${EXPECTED}.`;
    return fields.fault('Resource', 'NOT_RUN_BY_THIS_VERSION', message);
  }
  fields.fault('Resource', 'UNKNOWN_RESOURCE', `"Resource" has to be ${EXPECTED}.`);
};

export const readResource = (fields: Fields): ReadResource => {
  fields.require('Resource');
  const text = fields.text('Resource') ?? HTTP_INVOKE;
  if (text === HTTP_INVOKE) return http(text);
  const [scheme, kind, queue = '', handler = '', ...rest] = text.split(':');
  if (scheme === 'tl' && kind === 'task' && rest.length === 0 && SUBJECT_TOKEN.test(queue) && HANDLER.test(handler)) {
    return {
      resource: { kind: 'task', text, resourceType: queue, resource: handler, queue, handler, awaits: 'result' },
      effectClass: 'idempotent',
    };
  }
  refuse(fields, text);
  return http(text);
};
