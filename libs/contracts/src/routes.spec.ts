import { type z } from 'zod';
import { PERMISSIONS } from './permissions.ts';
import { allRoutes, readModelRoutesByService, routes, SERVICES, startExecutionRequestSchema } from './routes.ts';

const namesIn = (path: string): string[] => [...path.matchAll(/:(\w+)/g)].map(([, name]) => name ?? '');

describe('the route table', () => {
  it('serves each method and path once, wherever parameters stand', () => {
    const places = allRoutes.map(({ method, path }) => `${method} ${path.replaceAll(/:\w+/g, ':')}`);
    expect(new Set(places).size).toBe(places.length);
  });

  it('gives each path to one service, so that the front can tell by the path alone', () => {
    const services = new Map<string, Set<string>>();
    for (const { path, service } of allRoutes) services.set(path, (services.get(path) ?? new Set()).add(service));
    for (const [path, owners] of services) expect([path, owners.size]).toEqual([path, 1]);
  });

  it('names a known service and exactly one known permission per route', () => {
    for (const { service, permission } of allRoutes) {
      expect(SERVICES).toContain(service);
      expect(PERMISSIONS).toContain(permission);
    }
    expect(allRoutes).toHaveLength(Object.keys(routes).length + 3 * Object.keys(readModelRoutesByService).length);
  });

  it('asks for no permission that reads when something is changed', () => {
    for (const { method, permission } of allRoutes) {
      if (method !== 'GET') expect(permission).not.toMatch(/:read$/);
    }
  });

  it('parses exactly the parameters that its path has', () => {
    for (const { path, params } of allRoutes) {
      const shape = params === undefined ? {} : (params as z.ZodObject).shape;
      expect([path, Object.keys(shape)]).toEqual([path, namesIn(path)]);
    }
  });

  it('keeps bodies to POST and PUT and has a schema for each of them', () => {
    for (const { path, method, body } of allRoutes)
      expect([path, body !== undefined]).toEqual([path, method === 'POST' || method === 'PUT']);
  });

  it('says 201 only where something new stands under an id afterwards', () => {
    const created = allRoutes.filter(({ status }) => status === 201).map(({ path }) => path);
    expect(created).toEqual([
      routes.registerWorkflow.path,
      routes.startExecution.path,
      routes.replayExecution.path,
      routes.replayAll.path,
      routes.forkExecution.path,
      routes.takeSnapshot.path,
    ]);
  });
});

describe('parameters and pages', () => {
  it.each(['*', 'a.b', '', 'x'.repeat(65), 'a b', '../e1'])(
    'an execution id %j is refused before any subject is built',
    (id) => {
      expect(routes.getExecution.params.safeParse({ id }).success).toBe(false);
    },
  );

  it('a page has a size without being asked, and never more than 500', () => {
    expect(routes.listExecutions.query.parse({}).limit).toBe(50);
    expect(routes.listExecutions.query.parse({ limit: '500' }).limit).toBe(500);
    for (const limit of ['0', '501', '1.5', 'all'])
      expect(routes.listExecutions.query.safeParse({ limit }).success).toBe(false);
  });

  it('a query field that nobody knows is refused rather than ignored', () => {
    expect(routes.listExecutions.query.safeParse({ stauts: 'failed' }).success).toBe(false);
  });
});

describe('the body of a start', () => {
  it('names its input once', () => {
    expect(startExecutionRequestSchema.safeParse({ trigger_data: 1 }).success).toBe(true);
    expect(startExecutionRequestSchema.safeParse({ input: 1, trigger_data: 1 }).success).toBe(false);
  });

  it('names its execution by id or by key, not both', () => {
    expect(startExecutionRequestSchema.safeParse({ executionId: 'e1' }).success).toBe(true);
    expect(startExecutionRequestSchema.safeParse({ executionId: 'e1', idempotencyKey: 'k' }).success).toBe(false);
  });

  it('cannot ask the server to hold a request for longer than it allows', () => {
    expect(startExecutionRequestSchema.safeParse({ waitMs: 30_000 }).success).toBe(true);
    expect(startExecutionRequestSchema.safeParse({ waitMs: 30_001 }).success).toBe(false);
  });
});
