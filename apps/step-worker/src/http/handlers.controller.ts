import { Controller, Inject } from '@nestjs/common';
import { type Json, routes } from '@throughline/contracts';
import { Handle, type ResponseOf } from '@throughline/service-host';
import type { HandlerSet } from '@throughline/worker-sdk';
import { z } from 'zod';
import { HANDLERS } from '../tokens.ts';

/** Unrepresentable parts (transforms, custom checks) are shown as "anything" rather than hidden with the whole schema. */
const jsonSchemaOf = (schema: z.ZodType, io: 'input' | 'output'): Json =>
  // The cast states what a JSON schema is made of.
  z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as unknown as Json;

@Controller()
export class HandlersController {
  private readonly handlers: HandlerSet;

  constructor(@Inject(HANDLERS) handlers: HandlerSet) {
    this.handlers = handlers;
  }

  @Handle(routes.listHandlers)
  list(): ResponseOf<typeof routes.listHandlers> {
    return {
      items: this.handlers.handlers.map((handler) => ({
        queue: handler.queue,
        handler: handler.name,
        effectClass: handler.effectClass,
        inputSchema: jsonSchemaOf(handler.inputSchema, 'input'),
        outputSchema: jsonSchemaOf(handler.outputSchema, 'output'),
      })),
    };
  }
}
