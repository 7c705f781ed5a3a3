/**
 * Tables of Postgres for the statements of our projections, and for no others: what is not understood is an error. Keys and
 * conditions are read from the statements themselves, so one that is wrong shows.
 */
export type Row = Readonly<Record<string, unknown>>;

/** Primary keys, as in the migrations. */
const KEYS: Readonly<Record<string, readonly string[]>> = {
  projection_checkpoint: ['name'],
  executions: ['tenant', 'id'],
  steps: ['tenant', 'execution_id', 'id'],
  workflows: ['tenant', 'name', 'version'],
  schedules: ['tenant', 'id'],
  locks: ['tenant', 'id'],
  execution_tags: ['tenant', 'name', 'value_hash', 'execution_id'],
  approvals: ['tenant', 'execution_id', 'id'],
  ledger: ['tenant', 'n'],
  chain_heads: ['tenant'],
  execution_graph: ['tenant', 'id'],
};

type Run = (tables: SimulatedTables, values: readonly unknown[]) => { rows: Row[]; rowCount: number };
type Undo = () => void;

export class SimulatedTables {
  private readonly tables = new Map<string, Map<string, Row>>();
  private undo: Undo[] = [];

  query(text: string, values: readonly unknown[]): { rows: Row[]; rowCount: number } {
    const run = STATEMENTS.get(text) ?? read(text);
    STATEMENTS.set(text, run);
    return run(this, values);
  }

  commit(): void {
    this.undo = [];
  }

  rollback(): void {
    for (const undo of this.undo.reverse()) undo();
    this.undo = [];
  }

  rowsOf(table: string): Map<string, Row> {
    const known = this.tables.get(table);
    if (known) return known;
    if (!KEYS[table]) throw new Error(`no such table: ${table}`);
    const rows = new Map<string, Row>();
    this.tables.set(table, rows);
    return rows;
  }

  put(table: string, key: string, row: Row | undefined): void {
    const rows = this.rowsOf(table);
    const held = rows.get(key);
    this.undo.push(() => (held ? rows.set(key, held) : rows.delete(key)));
    if (row) rows.set(key, row);
    else rows.delete(key);
  }

  /** Everything that follows from the log, in an order of its own. */
  content(): Readonly<Record<string, readonly string[]>> {
    const names = [...this.tables.keys()].filter((name) => name !== 'projection_checkpoint').sort();
    return Object.fromEntries(
      names.map((name) => [name, [...this.rowsOf(name).values()].map((row) => JSON.stringify(row)).sort()]),
    );
  }
}

const STATEMENTS = new Map<string, Run>();

const keyOf = (table: string, row: Row): string => JSON.stringify((KEYS[table] ?? []).map((column) => row[column]));
const namesIn = (list: string): string[] => list.split(',').map((name) => name.trim());

type Argument = (values: readonly unknown[]) => unknown;
const argument = (text: string): Argument => {
  const index = Number(/^\$(\d+)/.exec(text)?.[1]) - 1;
  return (values) => values[index];
};

/** The rows that `unnest` makes of arrays side by side. */
const unnesting = (list: string, names: readonly string[]): ((values: readonly unknown[]) => Row[]) => {
  const given = namesIn(list).map(argument);
  return (values) => {
    // A projection hands arrays to unnest; something else would fail in Postgres, too.
    const columns = given.map((of) => of(values) as readonly unknown[]);
    return (columns[0] ?? []).map((_first, index) => {
      const row: Record<string, unknown> = {};
      names.forEach((name, column) => (row[name] = columns[column]?.[index] ?? null));
      return row;
    });
  };
};

const read = (written: string): Run => {
  const text = written.replaceAll(/\s+/g, ' ').trim();
  const run = readInsert(text) ?? readDelete(text) ?? readDeleteUsing(text) ?? readSelect(text) ?? readUpdate(text);
  if (!run) throw new Error(`the simulated tables do not understand: ${text}`);
  return run;
};

const INSERT =
  /^INSERT INTO (\w+)(?: AS held)? \(([^)]*)\) (?:SELECT (.+?) FROM unnest\(([^)]*)\)(?: AS t \(([^)]*)\))?|VALUES \(([^)]*)\))(?: (ON CONFLICT.*))?$/;

const readInsert = (text: string): Run | undefined => {
  const [, table = '', columnList = '', selected, arrays, aliases, single, conflict] = INSERT.exec(text) ?? [];
  if (table === '') return undefined;
  const columns = namesIn(columnList);
  const onConflict = readConflict(table, conflict);
  const rowsOf = readRows(columns, { selected, arrays, aliases, single });
  return (tables, values) => {
    let rowCount = 0;
    for (const row of rowsOf(values)) {
      const key = keyOf(table, row);
      const held = tables.rowsOf(table).get(key);
      const next = held ? onConflict(held, row) : row;
      if (!next) continue;
      tables.put(table, key, next);
      rowCount += 1;
    }
    return { rows: [], rowCount };
  };
};

interface Inserted {
  readonly selected: string | undefined;
  readonly arrays: string | undefined;
  readonly aliases: string | undefined;
  readonly single: string | undefined;
}

const readRows = (
  columns: readonly string[],
  { selected = '', arrays = '', aliases = '', single }: Inserted,
): ((values: readonly unknown[]) => Row[]) => {
  if (single !== undefined) {
    const given = namesIn(single).map(argument);
    return (values) => [Object.fromEntries(columns.map((column, index) => [column, given[index]?.(values) ?? null]))];
  }
  if (selected === '*') return unnesting(arrays, columns);
  const rowsOf = unnesting(arrays, namesIn(aliases));
  const expressions = namesIn(selected).map((text) => ({ text, given: text.startsWith('$') ? argument(text) : null }));
  return (values) =>
    rowsOf(values).map((row) => {
      const inserted: Record<string, unknown> = {};
      columns.forEach((column, index) => {
        const { text = '', given } = expressions[index] ?? {};
        inserted[column] = given ? given(values) : row[text];
      });
      return inserted;
    });
};

type OnConflict = (held: Row, excluded: Row) => Row | undefined;

const readConflict = (table: string, text: string | undefined): OnConflict => {
  if (text === undefined) {
    return (held) => {
      throw new Error(`duplicate key in ${table}: ${keyOf(table, held)}`);
    };
  }
  if (/^ON CONFLICT(?: \([^)]*\))? DO NOTHING$/.test(text)) return () => undefined;
  const [, key = '', assignments = '', left, operator, right] =
    /^ON CONFLICT \(([^)]*)\) DO UPDATE SET (.+?)(?: WHERE held\.(\w+) (<=?) excluded\.(\w+))?$/.exec(text) ?? [];
  if (namesIn(key).join() !== KEYS[table]?.join()) throw new Error(`no unique key of ${table}: ${text}`);
  const columns = namesIn(assignments).map((assignment) => {
    const [, column = '', from = ''] = /^(\w+) = excluded\.(\w+)$/.exec(assignment) ?? [];
    if (column === '') throw new Error(`the simulated tables do not understand: ${assignment}`);
    return [column, from] as const;
  });
  return (held, excluded) => {
    if (left !== undefined && right !== undefined) {
      const [older, newer] = [Number(held[left]), Number(excluded[right])];
      if (!(older < newer || (operator === '<=' && older === newer))) return undefined;
    }
    const next: Record<string, unknown> = { ...held };
    for (const [column, from] of columns) next[column] = excluded[from];
    return next;
  };
};

type Matches = (row: Row, values: readonly unknown[]) => boolean;

const readWhere = (text: string): Matches => {
  const conditions = text.split(' AND ').map((condition) => {
    const [, column = '', any, one] = /^(\w+) = (?:ANY\((\$\d+)[^)]*\)|(\$\d+))$/.exec(condition) ?? [];
    if (column === '') throw new Error(`the simulated tables do not understand: ${condition}`);
    const given = argument(any ?? one ?? '');
    return (row: Row, values: readonly unknown[]): boolean =>
      any === undefined ? row[column] === given(values) : (given(values) as readonly unknown[]).includes(row[column]);
  });
  return (row, values) => conditions.every((holds) => holds(row, values));
};

const readDelete = (text: string): Run | undefined => {
  const [, table = '', where = ''] = /^DELETE FROM (\w+) WHERE (.*)$/.exec(text) ?? [];
  if (table === '') return undefined;
  const matches = readWhere(where);
  return (tables, values) => {
    const gone = [...tables.rowsOf(table)].filter(([, row]) => matches(row, values));
    for (const [key] of gone) tables.put(table, key, undefined);
    return { rows: [], rowCount: gone.length };
  };
};

const DELETE_USING = /^DELETE FROM (\w+) AS held USING unnest\(([^)]*)\) AS (\w+) \(([^)]*)\) WHERE (.+)$/;

const readDeleteUsing = (text: string): Run | undefined => {
  const [, table = '', arrays = '', alias = '', aliases = '', where = ''] = DELETE_USING.exec(text) ?? [];
  if (table === '') return undefined;
  const joins = readJoins(where, alias);
  const namedOf = unnesting(arrays, namesIn(aliases));
  return (tables, values) => {
    const named = namedOf(values);
    const gone = [...tables.rowsOf(table)].filter(([, row]) => named.some((each) => isJoined(joins, row, each)));
    for (const [key] of gone) tables.put(table, key, undefined);
    return { rows: [], rowCount: gone.length };
  };
};

/** Columns of a table and of what is joined to it. */
type Joins = readonly (readonly string[])[];
const readJoins = (where: string, alias: string): Joins =>
  where.split(' AND ').map((condition) => condition.replace('held.', '').split(` = ${alias}.`));
const isJoined = (joins: Joins, row: Row, each: Row): boolean =>
  joins.every(([left = '', right = '']) => row[left] === each[right]);

const readSelect = (text: string): Run | undefined => {
  const [, list = '', table = '', where = ''] = /^SELECT ([\w, ]+) FROM (\w+) WHERE (.*)$/.exec(text) ?? [];
  if (table === '') return undefined;
  const matches = readWhere(where);
  const columns = namesIn(list);
  return (tables, values) => {
    const rows = [...tables.rowsOf(table).values()].filter((row) => matches(row, values));
    return {
      rows: rows.map((row) => Object.fromEntries(columns.map((column) => [column, row[column]]))),
      rowCount: rows.length,
    };
  };
};

const readUpdate = (text: string): Run | undefined => readPlainUpdate(text) ?? readUpdateFrom(text);

const readPlainUpdate = (text: string): Run | undefined => {
  const [, table = '', column = '', value = '', where = ''] =
    /^UPDATE (\w+) SET (\w+) = (\$\d+) WHERE (.*)$/.exec(text) ?? [];
  if (table === '') return undefined;
  const matches = readWhere(where);
  const given = argument(value);
  return (tables, values) => {
    const found = [...tables.rowsOf(table)].filter(([, row]) => matches(row, values));
    for (const [key, row] of found) tables.put(table, key, { ...row, [column]: given(values) });
    return { rows: [], rowCount: found.length };
  };
};

const UPDATE_FROM = /^UPDATE (\w+) AS held SET (.+) FROM unnest\(([^)]*)\) AS (\w+) \(([^)]*)\) WHERE (.+)$/;

const readUpdateFrom = (text: string): Run | undefined => {
  const [, table = '', assignments = '', arrays = '', alias = '', aliases = '', where = ''] =
    UPDATE_FROM.exec(text) ?? [];
  if (table === '') return undefined;
  const sets = namesIn(assignments).map((assignment) => assignment.split(` = ${alias}.`));
  const joins = readJoins(where, alias);
  const changesOf = unnesting(arrays, namesIn(aliases));
  return (tables, values) => {
    const changes = changesOf(values);
    let rowCount = 0;
    for (const [key, row] of [...tables.rowsOf(table)]) {
      const change = changes.find((each) => isJoined(joins, row, each));
      if (!change) continue;
      tables.put(table, key, { ...row, ...Object.fromEntries(sets.map(([to = '', from = '']) => [to, change[from]])) });
      rowCount += 1;
    }
    return { rows: [], rowCount };
  };
};
