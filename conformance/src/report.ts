import type { CaseRun } from './case-run.ts';
import type { Difference } from './compare-values.ts';
import type { Judgement } from './judge.ts';
import type { RecordedCase } from './recorded-case.ts';

export interface JudgedCase {
  readonly recorded: RecordedCase;
  /** Absent: excluded cases are not run. */
  readonly run?: CaseRun;
  readonly judgement: Judgement;
}

export interface Miss {
  readonly id: string;
  readonly name: string;
  readonly source: string;
  /** The level that was missed first. */
  readonly level: 1 | 2;
  readonly difference: string;
}

export interface Report {
  readonly total: number;
  /** Cases that can be compared at level 1. */
  readonly judged: number;
  readonly level1: number;
  readonly level2: number;
  /** Cases that can be compared at level 2. */
  readonly judgedLevel2: number;
  readonly excluded: number;
  readonly executions: number;
  /** Executions whose replay was identical in every event. */
  readonly replayed: number;
  readonly misses: readonly Miss[];
}

export const reportOf = (cases: readonly JudgedCase[]): Report => {
  const runs = cases.flatMap(({ run }) => (run?.replay ? [run.replay] : []));
  return {
    ...countsOf(cases),
    executions: runs.length,
    replayed: runs.filter(({ verdict, matchPercent }) => verdict === 'identical' && matchPercent === 100).length,
    misses: cases.flatMap(missOf),
  };
};

interface Counts {
  readonly total: number;
  readonly judged: number;
  readonly level1: number;
  readonly judgedLevel2: number;
  readonly level2: number;
  readonly excluded: number;
}

const countsOf = (cases: readonly JudgedCase[]): Counts => {
  const judged = cases.flatMap(({ judgement }) => (judgement.kind === 'judged' ? [judgement] : []));
  return {
    total: cases.length,
    judged: judged.length,
    level1: judged.filter(({ level1 }) => level1).length,
    judgedLevel2: judged.filter(({ level2 }) => level2 !== null).length,
    level2: judged.filter(({ level2 }) => level2 === true).length,
    excluded: cases.length - judged.length,
  };
};

const missOf = ({ recorded: { id, name, source }, judgement }: JudgedCase): readonly Miss[] => {
  if (judgement.kind === 'excluded' || (judgement.level1 && judgement.level2 !== false)) return [];
  const { place, expected, actual } = judgement.difference ?? { place: '', expected: '', actual: '' };
  const difference = `${place}: expected ${expected}, got ${actual}`;
  return [{ id, name, source, level: judgement.level1 ? 2 : 1, difference }];
};

export const missLine = ({ id, name, level, difference }: Miss): string =>
  `✗ ${id} level ${level}  ${name}\n    ${difference.replaceAll('\n', '\n    ')}`;

/** One row for each source, and one for all. */
export const sourceTable = (cases: readonly JudgedCase[]): readonly (readonly string[])[] => {
  const sources = [...new Set(cases.map(({ recorded }) => recorded.source))].sort();
  const row = (name: string, of: readonly JudgedCase[]): readonly string[] => {
    const { judged, level1, judgedLevel2, level2, excluded } = countsOf(of);
    return [name, `${level1} of ${judged}`, `${level2} of ${judgedLevel2}`, String(excluded)];
  };
  return [
    ['source', 'level 1', 'level 2', 'excluded'],
    ...sources.map((source) =>
      row(
        source,
        cases.filter(({ recorded }) => recorded.source === source),
      ),
    ),
    row('all', cases),
  ];
};

export const alignedLines = (rows: readonly (readonly string[])[]): readonly string[] => {
  const widths = rows[0]?.map((_cell, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
};

/** The same as a Markdown table, whose second row divides it. */
export const alignedTable = (rows: readonly (readonly string[])[]): readonly string[] => {
  const widths = rows[0]?.map((_cell, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows.map((row, at) => {
    const cells = row.map((cell, column) => cell.padEnd(widths[column] ?? 0, at === 1 ? '-' : ' '));
    return `| ${cells.join(' | ')} |`;
  });
};

/** Cases, in the same order, that came out otherwise the second time. */
export const changedScores = (
  how: string,
  before: readonly JudgedCase[],
  after: readonly JudgedCase[],
): readonly string[] =>
  before.flatMap(({ recorded: { id, name }, judgement }, i) => {
    const other = after[i]?.judgement;
    const [mine, theirs] = [scoreOf(judgement), other && scoreOf(other)];
    if (mine === theirs) return [];
    const { difference } = (other?.kind === 'judged' && other.difference ? other : judgement) as {
      readonly difference?: Difference;
    }; // whichever has one
    const first = difference
      ? `\n    ${difference.place}: expected ${difference.expected}, got ${difference.actual}`
      : '';
    return [`${id} ${name}: ${mine}, but ${theirs ?? 'not run'} ${how}${first}`];
  });

const scoreOf = (judgement: Judgement): string => {
  if (judgement.kind === 'excluded') return 'excluded';
  return `level 1 ${judgement.level1 ? 'equal' : 'missed'}, level 2 ${judgement.level2 === null ? 'not judged' : judgement.level2 ? 'equal' : 'missed'}`;
};
