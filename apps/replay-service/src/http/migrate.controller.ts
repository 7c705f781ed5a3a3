import { Controller, Inject } from '@nestjs/common';
import { type MigrationView, routes } from '@throughline/contracts';
import {
  Body,
  type BodyOf,
  type Caller,
  CallerOf,
  Handle,
  Params,
  type ParamsOf,
  refuse,
} from '@throughline/service-host';
import { Migration } from '../migrate/migration.ts';

/** Histories in memory at once. */
const MOVES_MAX = 4;

@Controller()
export class MigrateController {
  private moving = 0;

  constructor(@Inject(Migration) private readonly migration: Migration) {}

  @Handle(routes.migrateExecution)
  async migrate(
    @CallerOf() caller: Caller,
    @Params() { id }: ParamsOf<typeof routes.migrateExecution>,
    @Body() body: BodyOf<typeof routes.migrateExecution>,
  ): Promise<MigrationView> {
    if (this.moving >= MOVES_MAX) return refuse('TL0010', `${MOVES_MAX} executions are being moved: try again later`);
    this.moving += 1;
    try {
      return await this.migration.migrate(caller, { executionId: id, ...body });
    } finally {
      this.moving -= 1;
    }
  }
}
