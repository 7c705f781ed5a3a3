import {
  type AwsHistoryEventView,
  type ExecutionView,
  isJsonObject,
  type Json,
  type JsonObject,
  type ProgressEvent,
} from '@throughline/contracts';
import { fieldLines } from './columns.ts';
import { plainText, type Terminal } from './terminal.ts';

const GOOD = new Set(['succeeded', 'completed', 'identical', 'intact', 'ok', 'ready', 'caught']);
const BAD = new Set(['failed', 'timed_out', 'divergent', 'broken', 'error', 'bad', 'unreachable', 'not-ready']);
const PASSING = new Set(['nondeterministic', 'cancelled', 'cancelling', 'retrying', 'needs_review', 'warn', 'paused']);

export const statusWord = (terminal: Terminal, status: string): string => {
  if (GOOD.has(status)) return terminal.style('green', status);
  if (BAD.has(status)) return terminal.style('red', status);
  return PASSING.has(status) ? terminal.style('yellow', status) : terminal.style('cyan', status);
};

export const durationText = (from: string, to: string | null): string => {
  const ms = (to === null ? Date.now() : Date.parse(to)) - Date.parse(from);
  return durationOfMs(ms);
};

const durationOfMs = (ms: number): string => {
  if (ms < 1_000) return `${Math.max(0, ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min ${Math.floor((ms % 60_000) / 1_000)} s`;
  return `${Math.floor(ms / 3_600_000)} h ${Math.floor((ms % 3_600_000) / 60_000)} min`;
};

const JSON_CHARACTERS_MAX = 2_000;
export const jsonText = (value: unknown): string | undefined => {
  if (value === undefined) return undefined;
  const text = plainText(JSON.stringify(value));
  return text.length > JSON_CHARACTERS_MAX ? `${text.slice(0, JSON_CHARACTERS_MAX)}… (--json shows all)` : text;
};

const phasesText = ({ runState }: ExecutionView): string | null => {
  const spent = Object.entries(runState.phases).filter(([, ms]) => ms > 0);
  if (spent.length === 0) return null;
  return spent.map(([phase, ms]) => `${phase.replace(/Ms$/, '')} ${durationOfMs(ms)}`).join(', ');
};

export const executionLines = (terminal: Terminal, view: ExecutionView): readonly string[] => {
  const labels = Object.entries(view.labels).map(([name, value]) => `${name}=${value}`);
  return fieldLines(terminal, [
    ['execution', view.id],
    ['workflow', `${plainText(view.workflow.name)} v${view.workflow.version}`],
    ['status', `${statusWord(terminal, view.status)} ${view.progress}%`],
    ['step', view.currentStep === null ? null : plainText(view.currentStep)],
    ['started', `${view.startedAt} (${view.trigger})`],
    ['took', view.endedAt === null ? null : durationText(view.startedAt, view.endedAt)],
    ['correlation', view.correlationId],
    ['parent', view.parentExecutionId],
    ['trace', view.traceId],
    ['error for people', view.runState.lastError?.human ?? null],
    ['next', view.runState.recommendedActions.length === 0 ? null : view.runState.recommendedActions.join(', ')],
    ['delivery', view.runState.deliveryState === 'none' ? null : view.runState.deliveryState],
    ['signatures', view.runState.signatureState === 'none' ? null : view.runState.signatureState],
    ['phases', phasesText(view)],
    [
      'attributes',
      Object.keys(view.runState.attributes).length === 0 ? null : (jsonText(view.runState.attributes) ?? null),
    ],
    ['labels', labels.length === 0 ? null : plainText(labels.join(' '))],
    ['commits', String(view.version)],
    ['input', jsonText(view.input)],
    ['output', jsonText(view.output)],
    ['error', view.error === null ? null : plainText(view.error)],
    ['cause', view.cause === null ? null : plainText(view.cause)],
  ]);
};

const DETAILS_LEFT_OUT = new Set(['frame', 'idempotencyKey', 'bodyHash']);

/** A workflow is its name and version; whatever else is no text is its JSON. */
const valueText = (value: Json): string => {
  if (typeof value === 'string') return value;
  return isJsonObject(value) && 'name' in value && 'version' in value
    ? `${String(value['name'])} v${String(value['version'])}`
    : JSON.stringify(value);
};

/** What an event says beyond its name: the fields of its data, the step first. */
export const eventDetail = (event: ProgressEvent): string => {
  const { data } = event;
  if (!isJsonObject(data)) return '';
  const fields = Object.entries(data).filter(([name]) => !DETAILS_LEFT_OUT.has(name));
  const state = fields.find(([name]) => name === 'state');
  const others = fields.filter(([name]) => name !== 'state').map(([name, value]) => `${name}=${valueText(value)}`);
  return plainText([...(state ? [String(state[1])] : []), ...others].join(' '));
};

export const progressLine = (terminal: Terminal, event: ProgressEvent): string => {
  const ended = /^Execution(Succeeded|Failed|Cancelled|TimedOut)$/.test(event.event_type);
  const name = event.event_type.padEnd(20);
  return [
    terminal.style('dim', event.timestamp.slice(11, 23)),
    `${String(event.progress).padStart(3)}%`,
    ended ? terminal.style(event.status === 'succeeded' ? 'green' : 'red', name) : name,
    eventDetail(event),
  ]
    .join('  ')
    .trimEnd();
};

const AWS_DETAILS_LEFT_OUT = new Set([
  'inputDetails',
  'outputDetails',
  'assignedVariablesDetails',
  'roleArn',
  'region',
]);

/** What the details of one of AWS's events say, in one line. */
export const awsEventDetail = (event: AwsHistoryEventView): string => {
  const details = Object.entries(event).find(([name]) => name.endsWith('EventDetails'))?.[1];
  if (!isJsonObject(details as Json)) return '';
  const fields = Object.entries(details as JsonObject).filter(([name]) => !AWS_DETAILS_LEFT_OUT.has(name));
  return plainText(fields.map(([name, value]) => `${name}=${valueText(value)}`).join(' '));
};
