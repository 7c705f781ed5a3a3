import { InputSchemas } from './input-schemas.ts';

const SCHEMA = {
  type: 'object',
  required: ['asset'],
  properties: { asset: { type: 'string' }, size: { enum: ['s', 'm'] } },
  additionalProperties: false,
};

describe('the input schema of a workflow', () => {
  const schemas = new InputSchemas();

  test('lets a matching input through, and any where there is none', () => {
    expect(schemas.check(SCHEMA, { asset: 'a' })).toMatchObject([{ outcome: 'ok' }]);
    expect(schemas.check(undefined, 1)).toMatchObject([{ outcome: 'ok' }]);
  });

  test('says of every fault where it is, on one line', () => {
    const findings = schemas.check(SCHEMA, { size: 'xl', more: 1 });
    expect(findings.map(({ sentence }) => sentence)).toEqual([
      "The input must have required property 'asset'.",
      'The input must NOT have additional properties: more.',
      'The input at /size must be equal to one of the allowed values: ["s","m"].',
    ]);
    for (const { sentence } of findings) expect(sentence).not.toMatch(/\n/);
  });

  test.each([[{ type: 'nonsense' }], [{ $ref: '#/definitions/nowhere' }]])(
    '%j that cannot be compiled is an error of the definition',
    (schema) => {
      expect(schemas.check(schema, {})).toMatchObject([{ check: 'definition', outcome: 'error' }]);
    },
  );
});
