import { readDefinitionText } from '@throughline/asl';
import type { FastifyInstance } from 'fastify';
import { Refused } from './refused.ts';

/** As registered (RFC 9512), and as written before that. */
const YAML_TYPES = ['application/yaml', 'application/x-yaml', 'text/yaml', 'text/x-yaml'];

/** YAML is accepted wherever JSON is, and means the same: what it stands for goes the way of a JSON body. */
export const readYamlBodies = (fastify: FastifyInstance): void => {
  const asJson = fastify.getDefaultJsonParser('error', 'error');
  fastify.addContentTypeParser(YAML_TYPES, { parseAs: 'string' }, (request, text, done) => {
    const read = readDefinitionText(String(text));
    if (read.ok) return void asJson(request, JSON.stringify(read.definition), done);
    const problems = read.faults.map(({ message }) => message).join(' ');
    done(new Refused('TL0001', `the body is not YAML: ${problems}`));
  });
};
