import { readFileSync, writeFileSync } from 'node:fs';
import { newSigningKey, signContentHash, verifySignature } from '@throughline/client';
import { type ApprovalView, approvalViewSchema } from '@throughline/contracts';
import type { Command } from 'commander';
import { fieldLines, tableLines } from '../columns.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { UsageError } from '../failures.ts';
import type { Invocation, Run } from '../invocation.ts';
import { plainText } from '../terminal.ts';
import { statusWord } from '../wording.ts';

/** What waits for people, and what they have signed. */

const list = async (
  { client, terminal }: Invocation,
  options: { all?: boolean; mine?: boolean; limit?: number; cursor?: string },
): Promise<ExitCode> => {
  const { all, mine, limit, cursor } = options;
  const page = await client.approvals.list({
    ...(all ? {} : { status: 'pending' as const }),
    ...(mine ? { mine } : {}),
    ...(limit === undefined ? {} : { limit }),
    ...(cursor === undefined ? {} : { cursor }),
  });
  if (terminal.json) {
    terminal.document(page);
    return EXIT.ok;
  }
  const rows = page.items.map((approval) => [
    approval.executionId,
    approval.id,
    statusWord(terminal, approval.status),
    agreedText(approval),
    plainText(whoText(approval)),
    approval.expiresAt ?? '',
    plainText(`${approval.workflow}${approval.state === null ? '' : ` / ${approval.state}`}`),
  ]);
  const headings = ['EXECUTION', 'APPROVAL', 'STATUS', 'AGREED', 'WHO MAY', 'EXPIRES', 'WHAT'];
  terminal.lines(tableLines(terminal, headings, rows));
  if (page.nextCursor !== null) terminal.line(terminal.style('dim', `more: --cursor ${page.nextCursor}`));
  return EXIT.ok;
};

const agreedText = ({ decisions, required }: ApprovalView): string =>
  `${decisions.filter(({ decision }) => decision === 'approve').length} of ${required}`;
const whoText = ({ roles, approvers, requestedBy }: ApprovalView): string =>
  roles.length + approvers.length === 0 ? `anybody but ${requestedBy}` : [...roles, ...approvers].join(' ');

const showApproval = ({ terminal }: Invocation, approval: ApprovalView): ExitCode => {
  if (terminal.json) {
    terminal.document(approval);
    return EXIT.ok;
  }
  terminal.lines(
    fieldLines(terminal, [
      ['approval', `${approval.executionId} ${approval.id}`],
      ['what', plainText(`${approval.workflow}${approval.state === null ? '' : ` / ${approval.state}`}`)],
      ['status', `${statusWord(terminal, approval.status)}, ${agreedText(approval)} agreed`],
      ['asked by', plainText(approval.requestedBy)],
      ['who may', plainText(whoText(approval))],
      ['signature', approval.signature],
      ['content hash', approval.contentHash],
      ['expires', approval.expiresAt],
    ]),
  );
  const rows = approval.decisions.map(({ by, decision, at, comment, signature }) => [
    plainText(by),
    statusWord(terminal, decision),
    at,
    signature ? 'signed' : '',
    plainText(comment ?? ''),
  ]);
  if (rows.length > 0) terminal.lines(tableLines(terminal, ['WHO', 'SAID', 'AT', 'SIGNED', 'WHY'], rows));
  return EXIT.ok;
};

const get = async (cli: Invocation, execution: string, approval: string): Promise<ExitCode> =>
  showApproval(cli, await cli.client.approvals.get(execution, approval));

const approve = async (
  cli: Invocation,
  execution: string,
  id: string,
  { comment, key }: { comment?: string; key?: string },
): Promise<ExitCode> => {
  // What is agreed to is what was read just now.
  const { contentHash } = await cli.client.approvals.get(execution, id);
  const signature = key === undefined ? undefined : await signContentHash(contentHash, keyFrom(key));
  const said = { contentHash, ...(comment === undefined ? {} : { comment }), ...(signature && { signature }) };
  return showApproval(cli, await cli.client.approvals.decide(execution, id, { decision: 'approve', ...said }));
};

const reject = async (
  cli: Invocation,
  execution: string,
  id: string,
  { comment }: { comment: string },
): Promise<ExitCode> =>
  showApproval(cli, await cli.client.approvals.decide(execution, id, { decision: 'reject', comment }));

type PrivateKey = Parameters<typeof signContentHash>[1];

const keyFrom = (file: string): PrivateKey => {
  try {
    const json: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof json === 'object' && json !== null && 'crv' in json && json.crv === 'Ed25519') return json as PrivateKey; // a JWK
  } catch (error) {
    throw new UsageError(`cannot read a key from ${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
  throw new UsageError(`${file} holds no Ed25519 key as JWK: throughline signature keygen makes one`);
};

const keygen = async ({ terminal }: Invocation, file: string): Promise<ExitCode> => {
  const { privateKey, publicKey } = await newSigningKey();
  try {
    writeFileSync(file, `${JSON.stringify(privateKey, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    throw new UsageError(`cannot write ${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (terminal.json) terminal.document(publicKey);
  else {
    terminal.line(`private key: ${file}`);
    terminal.line(`public key, for "signingKeys" of your API key: ${JSON.stringify(publicKey)}`);
  }
  return EXIT.ok;
};

/** Asks no server: the approval comes from a file, as `throughline --json approvals show` prints it. */
const verify = async ({ terminal }: Invocation, file: string, { key }: { key?: string }): Promise<ExitCode> => {
  const parsed = approvalViewSchema.safeParse(approvalFile(file));
  if (!parsed.success)
    throw new UsageError(`${file} holds no approval as "throughline --json approvals show" prints it`);
  const { contentHash, decisions, executionId, id } = parsed.data;
  const trusted = key === undefined ? undefined : keyFrom(key);
  const checks = await Promise.all(
    decisions.flatMap(({ by, signature }) =>
      signature === undefined
        ? []
        : [checkOf(by, contentHash, signature.jws, { recorded: signature.publicKey, trusted })],
    ),
  );
  const isGood = checks.length > 0 && checks.every(({ valid }) => valid);
  if (terminal.json) terminal.document({ executionId, approval: id, contentHash, valid: isGood, signatures: checks });
  else {
    const rows = checks.map(({ by, valid, key: x }) => [plainText(by), statusWord(terminal, valid ? 'ok' : 'bad'), x]);
    terminal.lines(tableLines(terminal, ['WHO', 'SIGNATURE', 'KEY'], rows));
    if (checks.length === 0) terminal.line('nobody has signed it');
  }
  return isGood ? EXIT.ok : EXIT.bad;
};

interface Keys {
  readonly recorded: { readonly x: string };
  /** Where one is given, no other counts. */
  readonly trusted: PrivateKey | undefined;
}
const checkOf = async (by: string, contentHash: string, jws: string, { recorded, trusted }: Keys) => ({
  by,
  key: recorded.x,
  valid: await verifySignature({ contentHash, jws, publicKey: publicHalf(trusted ?? recorded) }),
});

const publicHalf = ({ x }: { readonly x?: string | undefined }) => ({ kty: 'OKP', crv: 'Ed25519', x: x ?? '' });

const approvalFile = (file: string): unknown => {
  try {
    return JSON.parse(readFileSync(file === '-' ? 0 : file, 'utf8'));
  } catch (error) {
    throw new UsageError(`cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
};

export const approvalCommands = (program: Command, run: Run, wholeNumber: (text: string) => number): void => {
  const approvals = program.command('approvals').description('what waits for people');
  approvals
    .command('ls')
    .description('approvals that are pending, oldest first')
    .option('--mine', 'only what you may decide now')
    .option('--all', 'closed ones too')
    .option('--limit <n>', 'how many', wholeNumber)
    .option('--cursor <cursor>', 'go on where a list ended')
    .action(run(list));
  approvals.command('show <execution> <approval>').description('one approval, with what was said').action(run(get));
  approvals
    .command('approve <execution> <approval>')
    .option('--comment <text>')
    .option('--key <file>', 'sign the content hash with this private key (JWK)')
    .action(run(approve));
  approvals.command('reject <execution> <approval>').requiredOption('--comment <text>', 'why').action(run(reject));
  const signature = program.command('signature').description('signing keys and signatures; asks no server');
  signature.command('keygen <file>').description('make a signing key; prints its public half').action(run(keygen));
  signature
    .command('verify <file>')
    .description('check every signature of an approval, from its JSON (- reads standard input); exit 1 when one is bad')
    .option('--key <file>', 'believe this key only')
    .action(run(verify));
};
