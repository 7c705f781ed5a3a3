import { parseMachine } from '@throughline/asl';
import { isJsonObject, type Json } from '@throughline/contracts';
import type { RecordedCase } from './recorded-case.ts';

/**
 * What a case is run as: its definition, where every task is one that a worker's queue can be asked for, so that the stub
 * answers for it. Nothing else of a definition is touched, and where no task needs it, nothing at all.
 */
export const servedDefinition = (recorded: RecordedCase): Json => {
  const served = withoutChildren(recorded.definition, 0);
  const parsed = parseMachine(served);
  if (parsed.ok) return served;
  const pointers = parsed.faults.flatMap(({ code, pointer }) => (code === 'UNKNOWN_RESOURCE' ? [pointer] : []));
  return pointers.reduce(
    (definition, pointer) => replacedAt(definition, pointer.split('/').slice(1), standIn(recorded)),
    served,
  );
};

/** Machines that recorded executions started do not exist here: a service of the same API takes the task. */
const CHILD = /^(arn:[^:]+:states:::)states(:startExecution(?:\.[A-Za-z0-9:]+)?)$/;
const DEPTH_MAX = 400;

const withoutChildren = (value: Json, depth: number): Json => {
  if (depth > DEPTH_MAX) return value;
  if (Array.isArray(value)) return value.map((item: Json) => withoutChildren(item, depth + 1));
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).map(([key, inner]): [string, Json] => [
    key,
    key === 'Resource' && value.Type === 'Task' && typeof inner === 'string'
      ? inner.replace(CHILD, '$1recorded-states$2')
      : withoutChildren(inner, depth + 1),
  ]);
  return Object.fromEntries(entries);
};

/** The recorder has put placeholders for ARNs: what was recorded of the task says of which kind it was. */
const standIn = ({ expected: { events } }: RecordedCase): string => {
  const recordedAs = (family: string): boolean => events.some(({ type }) => type === `${family}Scheduled`);
  if (recordedAs('LambdaFunction')) return 'arn:aws:lambda:us-east-1:111111111111:function:recorded';
  if (recordedAs('Activity')) return 'arn:aws:states:us-east-1:111111111111:activity:recorded';
  return 'arn:aws:states:::recorded:call';
};

const replacedAt = (value: Json, path: readonly string[], by: string): Json => {
  const [escaped, ...rest] = path;
  if (escaped === undefined) return by;
  const key = escaped.replaceAll('~1', '/').replaceAll('~0', '~');
  if (Array.isArray(value)) {
    return value.map((item: Json, index) => (String(index) === key ? replacedAt(item, rest, by) : item));
  }
  return isJsonObject(value) && value[key] !== undefined
    ? { ...value, [key]: replacedAt(value[key], rest, by) }
    : value;
};
