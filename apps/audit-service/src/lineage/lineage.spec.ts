import fc from 'fast-check';
import type { GraphNode } from './graph-node.ts';
import { lineageOf, type Relatives, RELATIVES_MAX } from './lineage.ts';

const node = (id: string, parentExecutionId: string | null): GraphNode =>
  // Plain text stands for the branded ids.
  ({
    id,
    parentExecutionId,
    workflow: 'order',
    trigger: parentExecutionId === null ? 'manual' : 'child',
    rootExecutionId: 'root',
    correlationId: 'root',
    status: 'running',
    startedAt: '2026-01-01T00:00:00.000Z',
    endedAt: null,
    traceId: null,
  }) as GraphNode;

const family = (...pairs: readonly (readonly [id: string, parent: string | null])[]): readonly GraphNode[] =>
  pairs.map(([id, parent]) => node(id, parent));

const among = (nodes: readonly GraphNode[]): Relatives => ({
  byIds: async (ids) => nodes.filter(({ id }) => ids.includes(id)),
  childrenOf: async (ids, limit) =>
    nodes
      .filter(({ parentExecutionId }) => parentExecutionId !== null && ids.includes(parentExecutionId))
      .slice(0, limit),
});

const lineage = async (nodes: readonly GraphNode[], id: string, depth = 20) => {
  const execution = nodes.find((candidate) => candidate.id === id);
  if (!execution) throw new Error(`no ${id}`);
  const { ancestors, descendants, siblings } = await lineageOf(execution, depth, among(nodes));
  const ids = (list: readonly GraphNode[]) => list.map((relative) => relative.id as string);
  return { ancestors: ids(ancestors), descendants: ids(descendants), siblings: ids(siblings) };
};

const NODES = family(
  ['root', null],
  ['a', 'root'],
  ['b', 'root'],
  ['a1', 'a'],
  ['b1', 'b'],
  ['a2', 'a'],
  ['a11', 'a1'],
);

describe('lineage', () => {
  it('lists ancestors from the nearest, descendants breadth first, and siblings', async () => {
    expect(await lineage(NODES, 'a')).toEqual({
      ancestors: ['root'],
      descendants: ['a1', 'a2', 'a11'],
      siblings: ['b'],
    });
    expect(await lineage(NODES, 'a11')).toEqual({ ancestors: ['a1', 'a', 'root'], descendants: [], siblings: [] });
    expect(await lineage(NODES, 'root')).toEqual({
      ancestors: [],
      descendants: ['a', 'b', 'a1', 'b1', 'a2', 'a11'],
      siblings: [],
    });
  });

  it('goes no further than the depth asked for, up and down', async () => {
    expect(await lineage(NODES, 'root', 1)).toMatchObject({ descendants: ['a', 'b'] });
    expect(await lineage(NODES, 'a11', 2)).toMatchObject({ ancestors: ['a1', 'a'] });
  });

  it('says how many generations away a relative is', async () => {
    const [a] = NODES.filter(({ id }) => id === 'a');
    const { ancestors, descendants } = await lineageOf(a as GraphNode, 20, among(NODES));
    const depths = [...ancestors, ...descendants].map(({ id, depth }) => [id, depth]);
    expect(depths).toEqual([
      ['root', 1],
      ['a1', 1],
      ['a2', 1],
      ['a11', 2],
    ]);
  });

  it('ends where a parent is named that is not there', async () => {
    expect(await lineage(family(['x', 'gone']), 'x')).toEqual({ ancestors: [], descendants: [], siblings: [] });
  });

  it('visits every execution of a circle once', async () => {
    const circle = family(['x', 'z'], ['y', 'x'], ['z', 'y']);
    expect(await lineage(circle, 'x')).toEqual({ ancestors: ['z', 'y'], descendants: ['y', 'z'], siblings: [] });
    expect(await lineage(family(['self', 'self']), 'self')).toEqual({ ancestors: [], descendants: [], siblings: [] });
  });

  it('ends and names nobody twice, whoever claims whom as parent', async () => {
    const graph = fc.array(fc.nat(15), { minLength: 16, maxLength: 16 });
    await fc.assert(
      fc.asyncProperty(graph, fc.nat(15), async (parents, of) => {
        const nodes = parents.map((parent, id) => node(`${id}`, `${parent}`));
        const found = await lineage(nodes, `${of}`);
        for (const list of [found.ancestors, found.descendants, found.siblings]) {
          expect(new Set(list).size).toBe(list.length);
          expect(list).not.toContain(`${of}`);
        }
      }),
    );
  });

  it('cuts a large family off', async () => {
    const children = Array.from({ length: RELATIVES_MAX + 10 }, (_, i) => node(`c${i}`, 'root'));
    const found = await lineage([node('root', null), ...children], 'root');
    expect(found.descendants).toHaveLength(RELATIVES_MAX);
  });
});
