import type { LineageView } from '@throughline/contracts';
import { fieldLines, tableLines } from '../columns.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { allItems, type Invocation } from '../invocation.ts';
import { plainText, type Terminal } from '../terminal.ts';
import { durationText, statusWord } from '../wording.ts';

/** What the log proves about an execution: ledger, lineage. */

export const verifyAudit = async ({ client, terminal }: Invocation): Promise<ExitCode> => {
  const result = await client.verifyAudit();
  if (terminal.json) terminal.document(result);
  else {
    const bad = result.firstBad;
    terminal.lines(
      fieldLines(terminal, [
        ['ledger', statusWord(terminal, result.verdict)],
        ['rows', String(result.rows)],
        ['head', result.head],
        ['first bad row', bad && `n ${bad.n}${bad.seq === null ? '' : `, log sequence ${bad.seq}`}`],
        ['of', bad?.aggregateId],
        ['problem', bad && plainText(bad.problem)],
      ]),
    );
  }
  return result.verdict === 'intact' ? EXIT.ok : EXIT.bad;
};

export const showAudit = async (
  { client, terminal }: Invocation,
  id: string,
  options: { asOf?: string },
): Promise<ExitCode> => {
  const items = await allItems((cursor) => client.audit(id, { cursor, as_of: options.asOf }));
  if (terminal.json) terminal.document({ items });
  else {
    const rows = items.map((row) => [
      String(row.n),
      String(row.version),
      row.at,
      row.hash.slice(0, 12),
      plainText(row.actors.join(' ')),
      row.commands.join(' '),
      row.events.join(' '),
    ]);
    terminal.lines(tableLines(terminal, ['ROW', 'COMMIT', 'AT', 'HASH', 'ACTORS', 'COMMANDS', 'EVENTS'], rows));
  }
  return EXIT.ok;
};

export const showLineage = async (
  { client, terminal }: Invocation,
  id: string,
  options: { depth?: number },
): Promise<ExitCode> => {
  const view = await client.lineage(id, options.depth === undefined ? {} : { depth: options.depth });
  if (terminal.json) terminal.document(view);
  else terminal.lines(lineageLines(terminal, view));
  return EXIT.ok;
};

export const showChain = async ({ client, terminal }: Invocation, correlationId: string): Promise<ExitCode> => {
  const chain = await client.correlation(correlationId);
  if (terminal.json) terminal.document(chain);
  else {
    terminal.line(`${chain.count} executions, root ${chain.root ?? 'none'}`);
    const rows = chain.executions.map((node) => [
      node.id,
      plainText(node.workflow),
      node.trigger,
      statusWord(terminal, node.status),
      node.parentExecutionId ?? '',
    ]);
    terminal.lines(tableLines(terminal, ['ID', 'WORKFLOW', 'TRIGGER', 'STATUS', 'PARENT'], rows));
  }
  return EXIT.ok;
};

type Node = LineageView['execution'];

/** Ancestors as a path down to the execution, its siblings beside it, its descendants below it. */
const lineageLines = (terminal: Terminal, view: LineageView): readonly string[] => {
  const nodeLine = (node: Node, depth: number, mark = ''): string =>
    [
      `${'  '.repeat(depth)}${mark}${node.id}`,
      plainText(node.workflow),
      statusWord(terminal, node.status),
      terminal.style('dim', `${node.trigger} ${node.startedAt} ${durationText(node.startedAt, node.endedAt)}`),
    ].join('  ');
  const fromTheTop = [...view.ancestors].reverse();
  const depth = fromTheTop.length;
  const childrenOf = (parent: string, level: number): string[] =>
    view.descendants
      .filter((node) => node.parentExecutionId === parent)
      .flatMap((node) => [nodeLine(node, level), ...childrenOf(node.id, level + 1)]);
  return [
    ...fromTheTop.map((node, level) => nodeLine(node, level)),
    nodeLine(view.execution, depth, terminal.style('bold', '▸ ')),
    ...childrenOf(view.execution.id, depth + 1),
    ...view.siblings.map((node) => nodeLine(node, depth, '= ')),
  ];
};
