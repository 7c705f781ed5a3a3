import { basename } from 'node:path';
import { fieldLines, tableLines } from '../columns.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { allItems, type Invocation } from '../invocation.ts';
import { jsonFile } from '../json-argument.ts';
import { plainText } from '../terminal.ts';

/** `orders.asl.json` registers as `orders`. */
const nameOfFile = (file: string): string => basename(file).replace(/(\.asl)?(\.json)?$/, '');

export const registerWorkflow = async (
  { client, terminal }: Invocation,
  file: string,
  options: { name?: string },
): Promise<ExitCode> => {
  const definition = jsonFile(file);
  const view = await client.registerWorkflow({ name: options.name ?? nameOfFile(file), definition });
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
