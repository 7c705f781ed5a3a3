import { childAwaits, type QueryLanguage } from '@throughline/asl';
import {
  type AggregateRef,
  asWritten,
  DATA_DEPTH_MAX,
  executionNameSchema,
  type ExecutionId,
  isDeeperThan,
  isJsonObject,
  type Json,
  workflowNameSchema,
} from '@throughline/contracts';
import type { OpenAttempt } from './execution-state.ts';
import { derivedId } from './hashes.ts';

/** Which execution a step wants started, read off the step's input as AWS's StartExecution would. */
export type ChildRequest =
  | {
      readonly ok: true;
      readonly id: ExecutionId;
      readonly workflow: string;
      readonly version?: number;
      readonly name?: string;
      readonly input: Json;
    }
  | { readonly ok: false; readonly error: string; readonly cause: string };

const FIELDS: readonly string[] = ['StateMachineArn', 'Input', 'Name', 'TraceHeader'];
const MACHINE_ARN = /^arn:[^:]{1,64}:states:[^:]*:[^:]*:stateMachine:([^:]+)(?::([1-9][0-9]{0,8}))?$/;

/** A message quotes what was wrong, which may be as long as an input is. */
const MESSAGE_CHARS_MAX = 2_000;

/** What AWS finds wrong with the fields before it starts the task; undefined where nothing is. */
export const requestFault = (input: Json, language: QueryLanguage): string | undefined => {
  const written = language === 'JSONata' ? 'Arguments' : 'Parameters';
  if (!isJsonObject(input)) return `The ${written} must be a JSON object`;
  const faults = Object.keys(input)
    .filter((field) => !FIELDS.includes(field))
    .map((field) => `The field "${field}" is not supported by Step Functions`);
  const { StateMachineArn: arn, Name: name } = input;
  if (arn === undefined) faults.push('The field "StateMachineArn" is required but was missing');
  else if (typeof arn !== 'string') faults.push("The value for the field 'StateMachineArn' must be a STRING");
  if (name !== undefined && typeof name !== 'string') faults.push("The value for the field 'Name' must be a STRING");
  if (faults.length === 0) return undefined;
  return `The ${written} '${JSON.stringify(input)}' could not be used to start the Task: [${faults.join(', ')}]`;
};

/**
 * A child without a name gets an id of the attempt that starts it, so however often the start is sent there is one child;
 * one with a name gets an id of workflow and name, as AWS knows it by these.
 */
export const childRequest = (ref: AggregateRef, attempt: Pick<OpenAttempt, 'token' | 'input'>): ChildRequest => {
  // Checked when the attempt was opened; a forged log is refused like any other wrong request.
  const { StateMachineArn: arn, Input: input = {}, Name: name } = isJsonObject(attempt.input) ? attempt.input : {};
  if (typeof arn !== 'string') return refusedBy('InvalidArn', 'Invalid Arn: not a string');
  const [, workflow, version] = arn.startsWith('arn:') ? (MACHINE_ARN.exec(arn) ?? []) : [arn, arn];
  if (!workflowNameSchema.safeParse(workflow).success || workflow === undefined) {
    return refusedBy('InvalidArn', `Invalid Arn: '${arn}'`);
  }
  if (name !== undefined && !executionNameSchema.safeParse(name).success) {
    return refusedBy('InvalidName', `Invalid Name: '${String(name)}'`);
  }
  const given = inputOf(input);
  if (!given.ok) return refusedBy('InvalidExecutionInput', `Invalid State Machine Execution Input: '${given.why}'`);
  const { tenant, aggregateId } = ref;
  const id =
    typeof name === 'string'
      ? derivedId('child-name', tenant, workflow, name)
      : derivedId('child', tenant, aggregateId, attempt.token);
  return {
    ok: true,
    // 32 hex digits are a subject token.
    id: id as ExecutionId,
    workflow,
    ...(version === undefined ? {} : { version: Number(version) }),
    ...(typeof name === 'string' ? { name } : {}),
    input: given.value,
  };
};

/** AWS's API takes JSON text, which is what a string is; everything else is written as JSON first. */
const inputOf = (input: Json): { readonly ok: true; readonly value: Json } | { readonly ok: false; why: string } => {
  if (typeof input !== 'string') return { ok: true, value: input };
  try {
    // What JSON.parse gives is JSON.
    const value = JSON.parse(input) as Json;
    if (isDeeperThan(value, DATA_DEPTH_MAX)) return { ok: false, why: `nested deeper than ${DATA_DEPTH_MAX} levels` };
    const written = asWritten(value);
    if (written === undefined) return { ok: false, why: 'a number is too large for JSON to carry' };
    return { ok: true, value: written };
  } catch (thrown) {
    return { ok: false, why: thrown instanceof Error ? thrown.message : String(thrown) };
  }
};

/** A refusal of AWS's own service, as its integration reports it. */
export const refusedBy = (code: string, message: string): { ok: false; error: string; cause: string } => ({
  ok: false,
  error: `StepFunctions.${code}Exception`,
  cause: `${message.slice(0, MESSAGE_CHARS_MAX)} (Service: AWSStepFunctions; Status Code: 400; Error Code: ${code})`,
});

/** The attempt's end is the child's end, and the attempt's loss stops the child. */
export const waitsForChild = ({ awaits, resource }: Pick<OpenAttempt, 'awaits' | 'resource'>): boolean => {
  if (awaits !== 'child') return false;
  const of = childAwaits(resource);
  return of === 'end' || of === 'end-as-json';
};
