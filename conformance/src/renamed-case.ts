import { isJsonObject, type Json, type JsonObject } from '@throughline/contracts';
import { statesOf } from './definition-states.ts';
import { type RecordedCase, recordedCaseSchema } from './recorded-case.ts';

/**
 * The same recording with other names: of the workflow, of every state, and of the input's keys wherever they can be
 * followed. Whoever runs the language gets the same score with it; whoever knows the cases does not.
 */
export const renamedCase = (recorded: RecordedCase): RecordedCase => {
  const withKeys = inputKeysOf(recorded).reduce(withKeyRenamed, withStatesRenamed(recorded));
  return { ...withKeys, id: `renamed-${recorded.id}` };
};

/** Another name of the same length, so that no limit or length changes; no two names become one. */
export const otherName = (name: string): string =>
  name.replaceAll(/[a-z]/gi, (letter) => {
    const first = letter <= 'Z' ? 65 : 97;
    return String.fromCharCode(((letter.charCodeAt(0) - first + 13) % 26) + first);
  });

/** Fields of a state, and of its rules and catchers, that name a state. */
const TARGETS = new Set(['StartAt', 'Next', 'Default']);

const withStatesRenamed = (recorded: RecordedCase): RecordedCase => {
  const { definition, expected } = recorded;
  const names = new Set(statesOf(definition).map(({ name }) => name));
  const rename = (name: string): string => (names.has(name) ? otherName(name) : name);
  // What a state is called can be read from the context object and go anywhere from there.
  const asValue = JSON.stringify(definition).includes('State.Name');
  const inText = (text: string): string => {
    if (asValue && names.has(text)) return otherName(text);
    return text.replaceAll(/(state|state\/task) '([^']*)'/g, (_all, what: string, name: string) => {
      return `${what} '${rename(name)}'`;
    });
  };
  const inData = (value: Json): Json => mapped(value, { string: inText, object: contextStateRenamed(rename) });
  return recordedCaseSchema.parse({
    ...recorded,
    definition: flowRenamed(definition, rename),
    expected: {
      ...(inData(expected as Json) as JsonObject), // read from JSON
      events: expected.events.map((event) => ({
        ...(inData(event as Json) as JsonObject), // the same
        ...(event.name === undefined ? {} : { name: rename(event.name) }),
      })),
    },
  });
};

/** `State` of a context object is known by its other member. */
const contextStateRenamed =
  (rename: (name: string) => string) =>
  (object: JsonObject): JsonObject =>
    typeof object.Name === 'string' && 'EnteredTime' in object ? { ...object, Name: rename(object.Name) } : object;

const flowRenamed = (flow: Json, rename: (name: string) => string): Json => {
  if (Array.isArray(flow)) return (flow as readonly Json[]).map((part) => flowRenamed(part, rename));
  if (!isJsonObject(flow)) return flow;
  return Object.fromEntries(
    Object.entries(flow).map(([field, value]) => {
      if (TARGETS.has(field) && typeof value === 'string') return [field, rename(value)];
      if (field === 'States' && isJsonObject(value)) {
        const states = Object.entries(value).map(([name, state]) => [rename(name), flowRenamed(state, rename)]);
        return [field, Object.fromEntries(states)];
      }
      return [field, FLOWS.has(field) ? flowRenamed(value, rename) : value];
    }),
  );
};

/** Fields whose value holds transitions; everything else of a state is its user's own data. */
const FLOWS = new Set(['States', 'Branches', 'ItemProcessor', 'Iterator', 'Choices', 'Catch']);

const KEY = /^[A-Za-z_]\w{2,}$/;
/** Words that mean something wherever they stand: of the language, the context object, an error. */
const MEANT =
  /^(Comment|Version|Type|Resource|Parameters|Arguments|Result|Seconds|Timestamp|Input|Output|Items|Name|Value|Index|Id|Error|Cause|Assign|Condition|Execution|State|StateMachine|Task|Token|Map|Item|Variable|Next|Default|Label|Credentials|States|context|input|result|errorOutput)$/;

const inputKeysOf = ({ input }: RecordedCase): readonly string[] =>
  isJsonObject(input) ? Object.keys(input).filter((key) => KEY.test(key) && !MEANT.test(key)) : [];

/** Follows one key through paths, templates, data and JSON text. Left as it is where a trace of it would remain. */
const withKeyRenamed = (recorded: RecordedCase, key: string): RecordedCase => {
  const other = otherName(key);
  const string = (text: string): string =>
    text
      .replaceAll(new RegExp(`(?<=\\$[\\w$.\\[\\]'"*]*\\.)${key}\\b(?!\\()`, 'g'), other)
      .replaceAll(new RegExp(`(?<=\\[(['"]))${key}(?=\\1\\])`, 'g'), other)
      .replaceAll(new RegExp(`(?<=\\\\*")${key}(?=\\\\*"\\s*:)`, 'g'), other);
  const object = (value: JsonObject): JsonObject =>
    Object.fromEntries(
      Object.entries(value).map(([name, part]) => [
        name === key ? other : name === `${key}.$` ? `${other}.$` : name,
        part,
      ]),
    );
  const change = (value: Json): Json => mapped(value, { string, object });
  const { definition, input, taskOutcomes, expected } = recorded;
  const before = dataOf(recorded);
  const renamed: RecordedCase = {
    ...recorded,
    definition: change(definition),
    input: change(input),
    taskOutcomes: taskOutcomes.map((outcome) => withData(outcome, change)),
    expected: { ...withData(expected, change), events: expected.events.map((event) => withData(event, change)) },
  };
  const traces = new RegExp(`\\b${key}\\b`).test(dataOf(renamed));
  // A name that stands there already would make two things one.
  return traces || before.includes(other) || COMPUTED.test(before) ? recorded : renamed;
};

const DATA_FIELDS = ['input', 'output', 'error', 'cause', 'assignedVariables'] as const;

/** The fields of a recording hold data; their own names belong to its form. */
const withData = <T extends object>(holder: T, change: (value: Json) => Json): T => {
  const changed: Record<string, Json> = {};
  for (const field of DATA_FIELDS) {
    const value = (holder as Readonly<Record<string, Json | undefined>>)[field]; // read from JSON
    if (value !== undefined) changed[field] = change(value);
  }
  return { ...holder, ...changed };
};

/** All of a case's user data as text. */
const dataOf = ({ definition, input, taskOutcomes, expected }: RecordedCase): string => {
  const texts: string[] = [JSON.stringify([definition, input])];
  const collect = (value: Json): Json => {
    texts.push(JSON.stringify(value));
    return value;
  };
  for (const holder of [expected, ...taskOutcomes, ...expected.events]) withData(holder, collect);
  return texts.join('\n');
};

/** Functions whose results depend on the bytes of what they are given. */
const COMPUTED = /States\.(Hash|Base64)|\$(hash|base64\w*)\(/;

/** The same value with every string and every object replaced, from the inside out. */
const mapped = (
  value: Json,
  change: { readonly string: (text: string) => string; readonly object: (object: JsonObject) => JsonObject },
): Json => {
  if (typeof value === 'string') return change.string(value);
  if (Array.isArray(value)) return (value as readonly Json[]).map((part) => mapped(part, change));
  if (!isJsonObject(value)) return value;
  return change.object(Object.fromEntries(Object.entries(value).map(([name, part]) => [name, mapped(part, change)])));
};
