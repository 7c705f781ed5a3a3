import {
  applyDecorators,
  createParamDecorator,
  type ExecutionContext,
  HttpCode,
  RequestMapping,
  RequestMethod,
  SetMetadata,
} from '@nestjs/common';
import type { ErrorCode, Route } from '@throughline/contracts';
import type { z } from 'zod';
import type { Caller } from './caller.ts';
import type { HostRequest } from './http-request.ts';
import { Refused } from './refused.ts';

type Parsed<S> = S extends z.ZodType ? z.output<S> : undefined;
export type ParamsOf<R extends Route> = Parsed<R['params']>;
export type QueryOf<R extends Route> = Parsed<R['query']>;
export type BodyOf<R extends Route> = Parsed<R['body']>;
export type ResponseOf<R extends Route> = z.input<R['response']>;

const ROUTE_METADATA = 'throughline:route';

/** Binds a controller method to a route of the table: method, path, permission and status. The only way to serve HTTP. */
export const Handle = (route: Route): MethodDecorator =>
  applyDecorators(
    RequestMapping({ method: RequestMethod[route.method], path: route.path }),
    HttpCode(route.status),
    SetMetadata(ROUTE_METADATA, route),
  );

// Nest hands handlers around as bare functions; metadata is all that is known about them.
export const routeOf = (handler: object): Route | undefined =>
  Reflect.getMetadata(ROUTE_METADATA, handler) as Route | undefined;

const routeHere = (context: ExecutionContext): Route => {
  const route = routeOf(context.getHandler());
  if (!route)
    throw new Error(`${context.getClass().name}.${context.getHandler().name} is served without @Handle(route)`);
  return route;
};
const requestOf = (context: ExecutionContext): HostRequest => context.switchToHttp().getRequest<HostRequest>();

const parsedBy = (schema: z.ZodType | undefined, value: unknown, code: ErrorCode, what: string): unknown => {
  if (!schema) throw new Error(`the route has no schema for its ${what}`);
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const first = parsed.error.issues[0];
  const where = first && first.path.length > 0 ? `${first.path.join('.')}: ` : '';
  throw new Refused(code, `the ${what} does not fit: ${where}${first?.message ?? 'no value'}`, parsed.error.issues);
};

/** Parsed with the route's schema: TL0006 where an id does not fit. */
export const Params = createParamDecorator((_: unknown, context: ExecutionContext) =>
  parsedBy(routeHere(context).params, requestOf(context).params, 'TL0006', 'path'),
);
/** Parsed with the route's schema: TL0001 with the zod issues. */
export const Query = createParamDecorator((_: unknown, context: ExecutionContext) =>
  parsedBy(routeHere(context).query, requestOf(context).query, 'TL0001', 'query'),
);
/** Parsed with the route's schema: TL0001 with the zod issues. An absent body counts as `{}`. */
export const Body = createParamDecorator((_: unknown, context: ExecutionContext) =>
  parsedBy(routeHere(context).body, requestOf(context).body ?? {}, 'TL0001', 'body'),
);
export const CallerOf = createParamDecorator((_: unknown, context: ExecutionContext): Caller => {
  const { caller } = requestOf(context);
  if (!caller) throw new Error('a handler ran without the guard');
  return caller;
});
