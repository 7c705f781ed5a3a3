import { allRoutes, SERVICES } from '@throughline/contracts';
import { openApiOf } from './openapi.ts';

describe('the OpenAPI document', () => {
  test('of all services together has every route of the table, once', () => {
    const operations = SERVICES.flatMap((service) =>
      Object.entries(openApiOf(service).paths).flatMap(([path, methods]) =>
        Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
      ),
    );
    const expected = allRoutes.map((route) => `${route.method} ${route.path.replaceAll(/:(\w+)/g, '{$1}')}`);
    expect(operations.sort()).toEqual([...expected].sort());
  });

  test('says parameters, body, answers and the permission', () => {
    const { paths } = openApiOf('orchestrator');
    expect(paths['/api/v1/workflows/{name}/executions']?.post).toMatchObject({
      description: 'Needs the permission `executions:start`.',
      parameters: [{ name: 'name', in: 'path', required: true, schema: { type: 'string', maxLength: 80 } }],
      requestBody: { content: { 'application/json': { schema: { type: 'object', additionalProperties: false } } } },
      responses: { 201: { content: { 'application/json': { schema: { type: 'object' } } } } },
    });
    expect(paths['/api/v1/executions']?.get?.parameters).toContainEqual(
      expect.objectContaining({ name: 'limit', in: 'query', required: false }),
    );
  });
});
