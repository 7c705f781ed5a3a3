import { z } from 'zod';

const assetsSchema = z.object({
  assets: z.array(
    z.object({
      name: z.string(),
      firmware: z.string(),
      overlaps: z.int(),
      refused: z.int(),
      sessions: z.array(
        z.object({
          by: z.string(),
          firmware: z.string(),
          blocks: z.int(),
          blocksWritten: z.int(),
          fencingToken: z.int(),
          outcome: z.enum(['open', 'committed', 'put back']),
        }),
      ),
    }),
  ),
});
export type AssetState = z.infer<typeof assetsSchema>['assets'][number];
export type AssetSession = AssetState['sessions'][number];

const resultsSchema = z.object({
  forged: z.int(),
  results: z.array(
    z.object({ executionId: z.string(), status: z.string(), contentHash: z.string(), requests: z.int() }),
  ),
});
export type ReceivedResults = z.infer<typeof resultsSchema>;

const read = async <S extends z.ZodType>(url: string, schema: S): Promise<z.output<S>> => {
  const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
  return schema.parse(await response.json());
};

/** As the asset itself sees it; undefined before anybody came to it. */
export const assetState = async (assetsUrl: string, name: string): Promise<AssetState | undefined> =>
  (await read(`${assetsUrl}/assets`, assetsSchema)).assets.find((asset) => asset.name === name);

/** What the receiver of results has taken. */
export const receivedResults = (receiverUrl: string): Promise<ReceivedResults> =>
  read(`${receiverUrl}/results`, resultsSchema);
