/**
 * Migrations run while processes of the version before still write. So a release only adds: what nothing uses any more
 * is taken away by a later one, whose migration says since when in a comment before the statement:
 *
 *   -- contracts: unused since 0.9
 */
const ESCAPE = /--\s*contracts:\s*\S/i;

const CONTRACTING = [
  /^DROP\s/i,
  /^TRUNCATE\s/i,
  /^DELETE\s/i,
  /^ALTER\s+(TABLE|VIEW|INDEX|TYPE)\s[\s\S]*\bRENAME\b/i,
  /^ALTER\s+TABLE\s[\s\S]*\bDROP\s+(COLUMN|CONSTRAINT|DEFAULT)\b/i,
  /^ALTER\s+TABLE\s[\s\S]*\bALTER\s+COLUMN\s+\S+\s+(SET\s+DATA\s+)?TYPE\b/i,
  /^ALTER\s+TABLE\s[\s\S]*\bSET\s+NOT\s+NULL\b/i,
  /^ALTER\s+TABLE\s[\s\S]*\bADD\s+CONSTRAINT\b/i,
];
const UNIQUE_INDEX = /^CREATE\s+UNIQUE\s+INDEX\s[\s\S]*?\bON\s+("?[\w.]+"?)/i;
const CREATED_TABLE = /^CREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?("?[\w.]+"?)/i;

/** Statements with the comments before each; `;` inside quotes and dollar quotes does not end one. */
const statementsOf = (sql) => {
  const statements = [];
  let comments = '';
  let text = '';
  const token = /--[^\n]*\n?|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|(\$\w*\$)[\s\S]*?\1|;|[^;'$/-]+|[\s\S]/g;
  for (const [part] of `${sql}\n;`.matchAll(token)) {
    if (part.startsWith('--') || part.startsWith('/*')) comments += part;
    else if (part === ';') {
      if (text.trim() !== '') statements.push({ comments, text: text.trim() });
      comments = text = '';
    } else text += part.startsWith("'") || part.startsWith('$') ? "''" : part;
  }
  return statements;
};

const addsNeededColumn = (text) =>
  /^ALTER\s+TABLE\s/i.test(text) &&
  text
    .split(/,(?![^(]*\))/)
    .some((part) => /\bADD\s+(COLUMN\s)?/i.test(part) && /NOT\s+NULL/i.test(part) && !/DEFAULT/i.test(part));

/** The statements that a process of the version before, still running, might trip over. */
export const contractingStatements = (sql) => {
  const created = new Set();
  return statementsOf(sql).flatMap(({ comments, text }) => {
    const table = CREATED_TABLE.exec(text)?.[1];
    if (table) created.add(table);
    const unique = UNIQUE_INDEX.exec(text)?.[1];
    const contracts =
      CONTRACTING.some((pattern) => pattern.test(text)) ||
      addsNeededColumn(text) ||
      (unique !== undefined && !created.has(unique));
    const ownTable = /^ALTER\s+TABLE\s+(?:ONLY\s+)?("?[\w.]+"?)/i.exec(text)?.[1];
    const concernsNewTable = ownTable !== undefined && created.has(ownTable);
    return contracts && !concernsNewTable && !ESCAPE.test(comments) ? [text] : [];
  });
};
