import type { DeliveryView } from '@throughline/contracts';
import type { Command } from 'commander';
import { tableLines } from '../columns.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Invocation, Run } from '../invocation.ts';
import { plainText, type Terminal } from '../terminal.ts';

export const deliveryCommands = (program: Command, run: Run): void => {
  const delivery = program.command('delivery').description('where results went');
  delivery
    .command('show <id>')
    .description('targets, attempts, and what the receivers said; exit 1 where one has failed')
    .action(run(showDelivery));
  delivery
    .command('retry <id>')
    .description('deliver again what has failed')
    .option('--delivery <delivery>', 'only this one, also where it had arrived')
    .action(run(retryDelivery));
};

export const showDelivery = async (cli: Invocation, id: string): Promise<ExitCode> =>
  show(cli.terminal, await cli.client.delivery.get(id));

export const retryDelivery = async (cli: Invocation, id: string, options: { delivery?: string }): Promise<ExitCode> => {
  show(cli.terminal, await cli.client.delivery.retry(id, options));
  return EXIT.ok;
};

type Item = DeliveryView['deliveries'][number];

const destinationOf = ({ target }: Item): string => {
  switch (target.type) {
    case 'webhook':
      return target.url;
    case 'nats':
      return target.subject;
    case 'file':
      return target.path;
  }
};

const saidOf = (item: Item): string =>
  item.state === 'delivered' ? (item.answer ?? '') : item.error === null ? '' : `${item.error}: ${item.cause ?? ''}`;

const show = (terminal: Terminal, view: DeliveryView): ExitCode => {
  if (terminal.json) terminal.document(view);
  else if (view.deliveries.length === 0) terminal.line('nothing was delivered anywhere');
  else {
    const rows = view.deliveries.map((item) => [
      item.id,
      item.state,
      `${item.attempts}/${item.maxAttempts}`,
      item.nextAttemptAt ?? item.settledAt ?? '',
      `${item.target.type} ${plainText(destinationOf(item))}`,
      plainText(saidOf(item)),
    ]);
    terminal.lines(tableLines(terminal, ['DELIVERY', 'STATE', 'ATTEMPTS', 'NEXT OR END', 'TO', 'SAID'], rows));
  }
  return view.state === 'failed' ? EXIT.bad : EXIT.ok;
};
