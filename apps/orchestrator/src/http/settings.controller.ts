import { Controller, Inject } from '@nestjs/common';
import {
  ACTION_CLASSES,
  type ActionClass,
  routes,
  SLA_CLASSES,
  type SlaClass,
  type TimeoutPolicyView,
} from '@throughline/contracts';
import { DEFAULT_POLICIES, policyKey, tenantRef, type TenantState } from '@throughline/execution';
import { Body, type BodyOf, type Caller, CallerOf, Handle, Params, type ParamsOf } from '@throughline/service-host';
import { Engine } from '../engine.ts';
import { CommandGateway } from './command-gateway.ts';

/** A tenant's settings: straight from its aggregate, of which the engine keeps the latest. */
@Controller()
export class SettingsController {
  constructor(
    @Inject(CommandGateway) private readonly commands: CommandGateway,
    @Inject(Engine) private readonly engine: Engine,
  ) {}

  @Handle(routes.listTimeoutPolicies)
  async list(@CallerOf() caller: Caller): Promise<{ items: TimeoutPolicyView[] }> {
    const state = await this.engine.settings.stateOf(caller.tenant);
    return { items: SLA_CLASSES.flatMap((sla) => ACTION_CLASSES.map((action) => viewOf(state, sla, action))) };
  }

  @Handle(routes.setTimeoutPolicy)
  async set(
    @CallerOf() caller: Caller,
    @Params() { slaClass, actionClass }: ParamsOf<typeof routes.setTimeoutPolicy>,
    @Body() times: BodyOf<typeof routes.setTimeoutPolicy>,
  ): Promise<TimeoutPolicyView> {
    const { policy: standing } = viewOf(await this.engine.settings.latest(caller.tenant), slaClass, actionClass);
    const policy = { ...standing, ...times };
    await this.commands.send(caller, tenantRef(caller.tenant), {
      type: 'SetTimeoutPolicy',
      body: { slaClass, actionClass, policy },
    });
    return viewOf(await this.engine.settings.latest(caller.tenant), slaClass, actionClass);
  }

  @Handle(routes.resetTimeoutPolicy)
  async reset(
    @CallerOf() caller: Caller,
    @Params() { slaClass, actionClass }: ParamsOf<typeof routes.resetTimeoutPolicy>,
    @Body() _body: BodyOf<typeof routes.resetTimeoutPolicy>,
  ): Promise<TimeoutPolicyView> {
    await this.commands.send(caller, tenantRef(caller.tenant), {
      type: 'ResetTimeoutPolicy',
      body: { slaClass, actionClass },
    });
    return viewOf(await this.engine.settings.latest(caller.tenant), slaClass, actionClass);
  }
}

const viewOf = (state: TenantState, slaClass: SlaClass, actionClass: ActionClass): TimeoutPolicyView => {
  const edited = state.policies[policyKey(slaClass, actionClass)];
  const policy = edited?.policy ?? DEFAULT_POLICIES[slaClass][actionClass];
  return { slaClass, actionClass, policy, set: edited ? { at: edited.at, by: edited.by } : null };
};
