import type { GraphNode } from './graph-node.ts';

/** Where relatives are looked up; each call is one query. */
export interface Relatives {
  byIds(ids: readonly string[]): Promise<readonly GraphNode[]>;
  /** At most `limit`, by start. */
  childrenOf(ids: readonly string[], limit: number): Promise<readonly GraphNode[]>;
}

/** With the generations in between: 1 is the parent, or a child. */
export type Relative = GraphNode & { readonly depth: number };

export interface Lineage {
  readonly execution: GraphNode;
  readonly root: string;
  /** Nearest first. */
  readonly ancestors: readonly Relative[];
  /** Breadth first. */
  readonly descendants: readonly Relative[];
  readonly siblings: readonly GraphNode[];
}

/** A family larger than this is cut off: an answer must fit into memory. */
export const RELATIVES_MAX = 1_000;

/** A parent may be named that never ran, and a wrong one could close a circle: every node is visited once. */
const ancestorsOf = async (execution: GraphNode, depth: number, from: Relatives): Promise<readonly Relative[]> => {
  const seen = new Set<string>([execution.id]);
  const ancestors: Relative[] = [];
  let parentId = execution.parentExecutionId;
  while (parentId !== null && !seen.has(parentId) && ancestors.length < depth) {
    seen.add(parentId);
    const [parent] = await from.byIds([parentId]);
    if (!parent) break;
    ancestors.push({ ...parent, depth: ancestors.length + 1 });
    parentId = parent.parentExecutionId;
  }
  return ancestors;
};

const descendantsOf = async (execution: GraphNode, depth: number, from: Relatives): Promise<readonly Relative[]> => {
  const seen = new Set<string>([execution.id]);
  const descendants: Relative[] = [];
  let level: readonly string[] = [execution.id];
  for (let below = 1; below <= depth && level.length > 0; below += 1) {
    // Asked for with the ones already seen on top, so that a circle cannot hide a new child behind the limit.
    const children = await from.childrenOf(level, RELATIVES_MAX + seen.size);
    const fresh = children.filter(({ id }) => !seen.has(id)).slice(0, RELATIVES_MAX - descendants.length);
    for (const child of fresh) seen.add(child.id);
    descendants.push(...fresh.map((child) => ({ ...child, depth: below })));
    level = fresh.map(({ id }) => id);
  }
  return descendants;
};

const siblingsOf = async (execution: GraphNode, from: Relatives): Promise<readonly GraphNode[]> => {
  if (execution.parentExecutionId === null) return [];
  const children = await from.childrenOf([execution.parentExecutionId], RELATIVES_MAX + 1);
  return children.filter(({ id }) => id !== execution.id).slice(0, RELATIVES_MAX);
};

export const lineageOf = async (execution: GraphNode, depth: number, from: Relatives): Promise<Lineage> => {
  const [ancestors, descendants, siblings] = await Promise.all([
    ancestorsOf(execution, depth, from),
    descendantsOf(execution, depth, from),
    siblingsOf(execution, from),
  ]);
  return { execution, root: execution.rootExecutionId, ancestors, descendants, siblings };
};
