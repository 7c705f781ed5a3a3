/** The input of the machine. */
export interface Change {
  readonly changeId: string;
  readonly asset: string;
  readonly firmware: string;
  readonly blocks: number;
  /** What one block takes. */
  readonly blockMs: number;
}

export interface ExampleChange {
  readonly title: string;
  readonly change: Change;
  /** It is cancelled when so many blocks are written; absent: it is left alone. */
  readonly cancelAfterBlocks?: number;
  readonly expected: { readonly status: 'succeeded' | 'cancelled'; readonly session: 'committed' | 'put back' };
}

const ASSET = 'plant-7/valve-3';

/** `run` goes into the ids, so that one run is told from the other. Both are about the same asset. */
export const exampleChanges = (run: string): readonly ExampleChange[] => [
  {
    title: 'is agreed to and done',
    change: { changeId: `${run}-1`, asset: ASSET, firmware: '2.4.1', blocks: 12, blockMs: 100 },
    expected: { status: 'succeeded', session: 'committed' },
  },
  {
    title: 'is cancelled while the firmware is written',
    change: { changeId: `${run}-2`, asset: ASSET, firmware: '2.5.0', blocks: 600, blockMs: 100 },
    cancelAfterBlocks: 5,
    expected: { status: 'cancelled', session: 'put back' },
  },
];
