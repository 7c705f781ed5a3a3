import { existsSync } from 'node:fs';
import { inCheckout } from './checkout.mjs';

const APPROVER = { roles: ['change-approver'], permissions: ['executions:read', 'approvals:decide'] };

/** What `npm start -- --example NAME` runs: whom and what each needs, and how it is run. Their servers: libs/local-system. */
const EXAMPLES = {
  'order-fulfilment': {
    people: [],
    secrets: [],
    run: async ({ frontUrl, apiKey, exampleUrls }, out) => {
      const { runOrders } = await import('../examples/order-fulfilment/dist/run-orders.js');
      const { inventory: inventoryUrl, payment: paymentUrl, shipping: shippingUrl } = exampleUrls;
      return runOrders({ frontUrl, apiKey, inventoryUrl, paymentUrl, shippingUrl }, out);
    },
  },
  'change-request': {
    people: [
      { name: 'ada', ...APPROVER },
      { name: 'grace', ...APPROVER },
    ],
    secrets: ['change-receiver'],
    run: async ({ frontUrl, natsUrl, apiKey, exampleUrls, people }, out) => {
      const { replayLock } = await import('../libs/local-system/dist/index.js');
      const { runChanges } = await import('../examples/change-request/dist/run-changes.js');
      const { assets: assetsUrl, receiver: receiverUrl } = exampleUrls;
      return runChanges(
        {
          frontUrl,
          apiKey,
          approvers: people,
          assetsUrl,
          receiverUrl,
          replayLock: (asset) => replayLock(natsUrl, asset),
        },
        out,
      );
    },
  },
};

const PRESET = 'order-fulfilment';

/** The options of `npm start`; throws a sentence about what it does not know. */
export function parseStart(args) {
  const options = { once: false, example: PRESET };
  for (let i = 0; i < args.length; i += 1) {
    const [arg, value] = args[i].split('=', 2);
    if (arg === '--once' && value === undefined) options.once = true;
    else if (arg === '--example') options.example = exampleName(value ?? args[(i += 1)]);
    else throw new Error(`npm start knows only -- --once and --example NAME, not ${args[i]}`);
  }
  return options;
}

function exampleName(name) {
  if (name !== undefined && Object.hasOwn(EXAMPLES, name)) return name;
  const known = Object.keys(EXAMPLES).join(', ');
  throw new Error(
    `${name === undefined ? '--example needs a name' : `there is no example "${name}"`}; there are: ${known}`,
  );
}

/** What `startSystem` has to be told for it. */
export function systemOf(name) {
  const handlers = inCheckout('examples', name, 'dist', 'handlers.js');
  const { people, secrets } = EXAMPLES[name];
  return { example: name, people, secrets, handlers: existsSync(handlers) ? [handlers] : [] };
}

export const runExample = (name, system, out) => EXAMPLES[name].run(system, out);
