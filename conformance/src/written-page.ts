import { alignedTable, type JudgedCase, type Report, sourceTable } from './report.ts';

/** Why cases are missed, by case id: for people only, nothing that runs or compares looks at it. */
export type Reasons = Readonly<Record<string, string>>;

const NO_REASON = '(no reason is written down yet)';

/** docs/conformance.md. */
export const conformancePage = (cases: readonly JudgedCase[], report: Report, reasons: Reasons): string =>
  [
    '# Conformance',
    '',
    'Written by `npm run conformance -- --cases ../shared/conformance/asl --write-docs`; do not edit it by hand.',
    '',
    'The oracle is AWS: executions that AWS Step Functions itself recorded are run through the real services (registered and',
    'started over HTTP, tasks answered from the task stream as they were recorded, histories read by the route), and compared by',
    'value. **Level 1**: status, and output, or error and cause. **Level 2**: also every event of the history, every listed field.',
    'Excluded cases are those that no honest implementation can pass; they count as neither passed nor missed.',
    '',
    `**Level 1: ${report.level1} of ${report.judged}. Level 2: ${report.level2} of ${report.judgedLevel2}.** Excluded: ${report.excluded} of ${report.total}.`,
    `${report.replayed} of ${report.executions} executions replayed at 100 %.`,
    '',
    '## How it is run',
    '',
    '```',
    'npm run conformance -- --cases <file or folder> [--fast-timers N] [--json]',
    '```',
    '',
    '- `--cases`: a JSON file, or a folder of them, each a list of cases in the form of the recordings. Any file of that form is taken',
    '  as it is; names of workflows and executions are made from the case ids.',
    '- `--fast-timers N`: the orchestrator runs with `THROUGHLINE_TIMER_SPEED=N`: time on the log passes N times as fast as the',
    "  broker's. Due times, recorded times and timeouts all come from that one clock, so the log is consistent and replays the same; the",
    '  broker still gives every timer at least two seconds of real time, or what it would have had, because work does not become faster.',
    '- Nobody else is asked: the stub takes every task from the task streams, activities among them. Machines that a recorded execution',
    '  started (`states:startExecution`) and ARNs that the recorder has replaced by placeholders do not exist here; such a `Resource` is',
    '  registered as one that the stub is asked for, and nothing else of a definition is touched.',
    '- `--pure`: decides in this process with a virtual clock, without any service: seconds instead of a minute.',
    '- `--both`: both ways; they must come to the same.',
    '- `--renamed`: runs every case again with other names of states and input keys; the score must be the same.',
    '- `--json`: one object on standard output: `total`, `judged`, `level1`, `level2`, `excluded`, `misses`, and how many executions',
    '  replayed. For programs: `npm run --silent conformance -- … --json`.',
    '',
    'Exit code 0: it ran, whatever the score. 1: an execution did not replay at 100 %, the two ways differ, or other names change the',
    'score. 2: wrong usage, or the cases cannot be read.',
    '',
    '## By source',
    '',
    ...markdownTable(sourceTable(cases)),
    '',
    '## Misses',
    '',
    ...(report.misses.length === 0 ? ['None.'] : []),
    ...report.misses.flatMap(({ id, name, level, difference }) => [
      `- **${escaped(name)}** (\`${id}\`), level ${level}: ${reasons[id] ?? NO_REASON}`,
      `  <br>First difference: ${escaped(difference.replaceAll(/\s+/g, ' '))}`,
    ]),
    '',
    '## Excluded',
    '',
    ...cases.flatMap(({ recorded: { id, name, excluded } }) =>
      excluded === undefined ? [] : [`- ${escaped(name)} (\`${id}\`): ${escaped(excluded)}`],
    ),
    '',
    '## Compared at level 1 only',
    '',
    ...cases.flatMap(({ recorded: { id, name, level1Only } }) =>
      level1Only === undefined ? [] : [`- ${escaped(name)} (\`${id}\`): ${escaped(level1Only)}`],
    ),
    '',
  ].join('\n');

const markdownTable = (rows: readonly (readonly string[])[]): readonly string[] => {
  const [heading = [], ...body] = rows;
  return alignedTable([heading, heading.map(() => '---'), ...body]);
};

/** What a name or value holds must not become markup. */
const escaped = (text: string): string => text.replaceAll(/[\\`*_<>|[\]]/g, String.raw`\$&`);
