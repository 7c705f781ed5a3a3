import { type Fault, parseMachine, readDefinitionText } from '@throughline/asl';
import { fieldLines, tableLines } from '../columns.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { allItems, type Invocation } from '../invocation.ts';
import { definitionIn, workflowNameOf } from '../definition-file.ts';
import { textFile } from '../json-argument.ts';
import { plainText } from '../terminal.ts';

export const registerWorkflow = async (
  { client, terminal }: Invocation,
  file: string,
  options: { name?: string },
): Promise<ExitCode> => {
  const view = await client.registerWorkflow({
    name: options.name ?? workflowNameOf(file),
    definition: definitionIn(file),
  });
  if (terminal.json) terminal.document(view);
  else {
    terminal.lines(
      fieldLines(terminal, [
        ['workflow', plainText(view.name)],
        ['version', String(view.version)],
        ['states', String(view.states)],
        ['hash', view.hash],
      ]),
    );
  }
  return EXIT.ok;
};

const faultsOf = (text: string): { readonly states: number; readonly faults: readonly Fault[] } => {
  const read = readDefinitionText(text);
  if (!read.ok) return { states: 0, faults: read.faults };
  const parsed = parseMachine(read.definition);
  return parsed.ok ? { states: parsed.machine.stateCount, faults: [] } : { states: 0, faults: parsed.faults };
};

/** Asks no server: what registers is decided by the same function there. */
export const validateWorkflow = ({ terminal }: Invocation, file: string): Promise<ExitCode> => {
  const { states, faults } = faultsOf(textFile(file));
  const valid = faults.length === 0;
  if (terminal.json) terminal.document({ valid, faults });
  else if (valid) terminal.lines([`${file} is valid: ${states} states`]);
  else {
    const rows = faults.map(({ pointer, code, message }) => [plainText(pointer || '(root)'), code, plainText(message)]);
    // The sentence says what to do: none of it is cut.
    terminal.lines(tableLines({ ...terminal, columns: undefined }, ['PLACE', 'CODE', 'WHAT TO DO'], rows));
  }
  return Promise.resolve(valid ? EXIT.ok : EXIT.bad);
};

export const listWorkflows = async ({ client, terminal }: Invocation): Promise<ExitCode> => {
  const items = await allItems((cursor) => client.listWorkflows({ cursor }));
  if (terminal.json) terminal.document({ items });
  else {
    const rows = items.map((view) => [
      plainText(view.name),
      `v${view.version}`,
      String(view.states),
      view.registeredAt,
    ]);
    terminal.lines(tableLines(terminal, ['WORKFLOW', 'VERSION', 'STATES', 'REGISTERED'], rows));
  }
  return EXIT.ok;
};
