import type { Tenant } from '@throughline/contracts';
import { classesOf, DEFAULT_POLICIES } from '@throughline/execution';
import type { Engine } from '../engine.ts';

type Asked = Parameters<typeof classesOf>[1];

/** How long a start waits for its end by its mode and policy, where its caller has not said; undefined: not at all. */
export const answerWaitMs = async (
  { catalog, settings }: Pick<Engine, 'catalog' | 'settings'>,
  tenant: Tenant,
  workflow: string,
  asked: Asked & { readonly version?: number },
): Promise<number | undefined> => {
  const resolved = await catalog.resolve(tenant, workflow, asked.version);
  const classes = resolved && classesOf(resolved.machine, asked);
  if (classes?.mode !== 'immediate') return undefined;
  const { slaClass, actionClass } = classes;
  const edited = await settings.editedPolicy(tenant, slaClass, actionClass);
  return (edited ?? DEFAULT_POLICIES[slaClass][actionClass]).answerWaitMs;
};
