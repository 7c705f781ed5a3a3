import { LOG_DOMAINS, LOG_LEVELS } from '@throughline/contracts';
import { z } from 'zod';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { UsageError } from '../failures.ts';
import { allItems, type Invocation } from '../invocation.ts';
import { plainText } from '../terminal.ts';
import { statusWord } from '../wording.ts';

const filterSchema = z.object({ level: z.enum(LOG_LEVELS).optional(), domain: z.enum(LOG_DOMAINS).optional() });

export const showLogs = async (
  { client, terminal }: Invocation,
  id: string,
  options: { level?: string; domain?: string },
): Promise<ExitCode> => {
  const filter = filterSchema.safeParse(options);
  if (!filter.success) {
    throw new UsageError(`--level is one of ${LOG_LEVELS.join(', ')}; --domain is one of ${LOG_DOMAINS.join(', ')}`);
  }
  const items = await allItems((cursor) => client.logs(id, { ...filter.data, cursor }));
  if (terminal.json) terminal.document({ items });
  else {
    for (const log of items) {
      const where = `${log.service}${log.step === null ? '' : ` ${plainText(log.step)}`}`;
      const parts = [terminal.style('dim', log.at), statusWord(terminal, log.level), log.domain, where];
      terminal.line(`${parts.join('  ')}  ${plainText(log.message)}`);
    }
  }
  return EXIT.ok;
};
