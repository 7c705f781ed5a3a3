import type { Actor, Permission, Route, Tenant } from '@throughline/contracts';
import type { z } from 'zod';

type Parsed<S> = S extends z.ZodType ? z.output<S> : undefined;
export type ParamsOf<R extends Route> = Parsed<R['params']>;
export type QueryOf<R extends Route> = Parsed<R['query']>;
export type BodyOf<R extends Route> = Parsed<R['body']>;
export type ResponseOf<R extends Route> = z.input<R['response']>;

/** Who asks. The tenant comes from the credential and from nowhere else. */
export interface Caller {
  readonly tenant: Tenant;
  readonly actor: Actor;
  readonly permissions: readonly Permission[];
}

/** Binds a controller method to a route of the table: method, path, permission and status. The only way to serve HTTP. */
export declare const Handle: (route: Route) => MethodDecorator;
/** Parsed with the route's schema: TL0006 where an id does not fit. */
export declare const Params: () => ParameterDecorator;
/** Parsed with the route's schema: TL0001 with the zod issues. */
export declare const Query: () => ParameterDecorator;
/** Parsed with the route's schema: TL0001 with the zod issues. An absent body counts as `{}`. */
export declare const Body: () => ParameterDecorator;
export declare const CallerOf: () => ParameterDecorator;
