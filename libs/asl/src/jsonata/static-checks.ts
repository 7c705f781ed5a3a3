import type { Node, Signature } from './nodes.ts';
import { compileRegex } from './regular-expression.ts';

/** What the parser lets pass, but could not be run within bounds, or not as Step Functions runs it. */

export interface StaticProblem {
  readonly text: string;
  readonly position: number;
}

/** Far deeper than what an evaluation may nest. */
const NESTING_MAX = 400;

type Part = Readonly<Record<string, unknown>>;

const isPart = (value: unknown): value is Part => typeof value === 'object' && value !== null;

/** The library makes a regular expression of a signature and runs it over the types of the arguments. */
const isBoundedSignature = ({ definition }: Signature): boolean =>
  definition.length <= 100 && definition.split('+').length <= 2 && definition.split(/[?-]/).length <= 9;

const STATES = 'states';
const REBINDS = "'$states' cannot be bound to another value (choose another name)";

/** `$states := …`, `function($states)`, `@$states` and `#$states`. */
const bindsStates = (node: Node): boolean =>
  node.focus === STATES ||
  node.index === STATES ||
  (node.stages ?? []).some((stage) => stage.type === 'index' && stage.value === STATES) ||
  (node.type === 'bind' && node.lhs.value === STATES) ||
  (node.type === 'lambda' && node.arguments.some(({ value }) => value === STATES));

const problemAt = (part: Part): string | undefined => {
  const node = part as unknown as Node; // parts of other shapes have none of these types
  if (node.type === 'regex') {
    const compilation = compileRegex(node);
    return compilation.ok ? undefined : compilation.problem;
  }
  if (bindsStates(node)) return REBINDS;
  if (node.type === 'variable' && node.value === '$') return "Reference to '$$' is not supported.";
  if (node.type !== 'lambda' || !node.signature || isBoundedSignature(node.signature)) return undefined;
  return 'a signature may have 100 characters, one "+" and eight "?" or "-"';
};

/** Without recursion: it looks at trees that are too deep for it. */
export const problemIn = (root: Node, tooDeep: string): StaticProblem | undefined => {
  const waiting: { readonly part: unknown; readonly depth: number }[] = [{ part: root, depth: 0 }];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { part, depth } = next;
    if (!isPart(part) || part instanceof RegExp) continue;
    const position = typeof part['position'] === 'number' ? part['position'] : 0;
    if (depth > NESTING_MAX) return { text: tooDeep, position: 0 };
    const text = problemAt(part);
    if (text !== undefined) return { text, position };
    for (const [name, inner] of Object.entries(part)) {
      // Slots of ancestors point back up the tree, and signatures are the library's own.
      if (OTHER_PARTS.has(name)) continue;
      waiting.push({ part: inner, depth: Array.isArray(inner) ? depth : depth + 1 });
    }
  }
  return undefined;
};
const OTHER_PARTS: ReadonlySet<string> = new Set(['signature', 'slot', 'ancestor', 'seekingParent', 'errors', 'stack']);
