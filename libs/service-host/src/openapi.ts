import type { OpenAPIObject } from '@nestjs/swagger';
import { allRoutes, ERROR_CODES, type Route, type ServiceName } from '@throughline/contracts';
import { z } from 'zod';

type JsonSchema = Record<string, unknown>;

const schemaOf = (schema: z.ZodType, io: 'input' | 'output'): JsonSchema => {
  // OpenAPI 3.1 takes JSON Schema as it is; `$schema` alone is not welcome inside a document.
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any', target: 'draft-2020-12' });
  return rest;
};

const parametersOf = (schema: z.ZodType | undefined, where: 'path' | 'query'): JsonSchema[] => {
  if (!schema) return [];
  const { properties = {}, required = [] } = schemaOf(schema, 'input') as {
    properties?: Record<string, JsonSchema>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: where,
    required: where === 'path' || required.includes(name),
    schema: property,
  }));
};

/** What is read as JSON is read as YAML too. */
const bodyContent = (body: z.ZodType): JsonSchema => {
  const schema = schemaOf(body, 'input');
  return { 'application/json': { schema }, 'application/yaml': { schema } };
};

const operationOf = (route: Route): JsonSchema => ({
  summary: route.summary,
  description: `Needs the permission \`${route.permission}\`.`,
  tags: [route.path.split('/')[3] ?? route.service],
  parameters: [...parametersOf(route.params, 'path'), ...parametersOf(route.query, 'query')],
  ...(route.body ? { requestBody: { content: bodyContent(route.body) } } : {}),
  responses: {
    [route.status]: {
      description: route.stream ? 'Server-sent events' : 'Success',
      content: {
        [route.stream ? 'text/event-stream' : 'application/json']: { schema: schemaOf(route.response, 'output') },
      },
    },
    default: {
      description: 'A refusal or an error; `code` says which',
      content: { 'application/json': { schema: { $ref: '#/components/schemas/ErrorBody' } } },
    },
  },
});

const ERROR_BODY: JsonSchema = {
  type: 'object',
  required: ['code', 'title', 'message', 'help'],
  properties: {
    code: { type: 'string', enum: Object.keys(ERROR_CODES) },
    title: { type: 'string' },
    message: { type: 'string' },
    details: {},
    help: { type: 'string' },
    requestId: { type: 'string' },
  },
};

/** Made from the route table, so it cannot say anything else than what is served. */
export const openApiOf = (service: ServiceName): OpenAPIObject => {
  const paths: Record<string, JsonSchema> = {};
  for (const route of allRoutes) {
    if (route.service !== service) continue;
    const path = route.path.replaceAll(/:([A-Za-z0-9_]+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route) };
  }
  return {
    openapi: '3.1.0',
    info: { title: `Throughline ${service}`, version: '1' },
    security: [{ bearer: [] }, { apiKey: [] }],
    paths,
    components: {
      schemas: { ErrorBody: ERROR_BODY },
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
      },
    },
  };
};
