import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileErrors, validate } from '@readme/openapi-parser';
import { Parser } from '@asyncapi/parser';
import Ajv2020 from 'ajv/dist/2020';
import { PROBLEM_CODES } from '../errors.js';
import { EVENT_NAMES, EVENT_SCHEMAS } from '../schemas/event-schemas.js';
import { asyncApiDocument } from './asyncapi.js';
import { LLMS_TEXT } from './llms-text.js';
import { openApiDocument, OPERATIONS } from './openapi.js';

/** A copy, as it travels: the parsers change what they are given. */
const copyOf = (document: object) => JSON.parse(JSON.stringify(document)) as never;

describe('the documents of the interfaces', () => {
  it('are valid for the official parsers', async () => {
    const openApi = await validate(copyOf(openApiDocument('1.0.0')));
    expect(openApi.valid ? [] : compileErrors(openApi)).toEqual([]);
    const { document, diagnostics } = await new Parser().parse(JSON.stringify(asyncApiDocument('1.0.0')));
    const [errors, warnings] = [0, 1].map((severity) =>
      diagnostics.filter((each) => Number(each.severity) === severity),
    );
    expect({ errors, warnings, title: document?.info().title() }).toEqual({
      errors: [],
      warnings: [],
      title: 'Pollcast events',
    });
  });

  it('M2: have examples that fit their schemas, every one of them', () => {
    const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, formats: { 'date-time': true } });
    ajv.addKeyword('components');
    const { components } = openApiDocument('1.0.0') as { components: object };
    ajv.addSchema({ $id: 'urn:pollcast:document', components }, undefined, undefined, false);
    const faultsOf = (schema: object, example: unknown) => {
      const text = JSON.stringify(schema).replace(/"\$ref":"#/g, '"$ref":"urn:pollcast:document#');
      return ajv.validate(JSON.parse(text) as object, example) ? [] : [ajv.errorsText()];
    };
    const examples = OPERATIONS.flatMap(({ id, parameters = [], body, answers }) => [
      ...parameters.map(({ name, schema, example }) => ({ of: `${id} ${name}`, schema, example })),
      ...(body ? [{ of: `${id} body`, ...body }] : []),
      ...Object.entries(answers).map(([status, { schema = {}, example }]) => ({
        of: `${id} ${status}`,
        schema,
        example,
      })),
    ]).filter(({ example }) => example !== undefined);
    const events = EVENT_NAMES.map((name) => {
      const { $id: _id, ...schema } = EVENT_SCHEMAS[name];
      const [example] = schema['examples'] as object[];
      return { of: name, schema, example };
    });
    const all = [...examples, ...events];
    expect(
      all.flatMap(({ of, schema, example }) => faultsOf(schema, example).map((fault) => `${of}: ${fault}`)),
    ).toEqual([]);
    expect(all.length).toBeGreaterThan(50);
  });

  it('name every code of the closed table in a refusal, and no other', () => {
    const { components } = openApiDocument('1.0.0') as {
      components: { responses: Record<string, { content: Record<string, { example: { code: string } }> }> };
    };
    const codes = Object.values(components.responses).map(
      ({ content }) => content['application/problem+json']?.example.code,
    );
    expect(new Set(codes)).toEqual(new Set(PROBLEM_CODES));
  });

  it('are short for language models, the same at a gateway and in the repository', () => {
    expect(readFileSync(join(__dirname, '../../../../llms.txt'), 'utf8')).toBe(LLMS_TEXT);
    const paths = [...LLMS_TEXT.matchAll(/`(?:GET |POST )?(\/[^`?]*)/g)].map(([, path]) => path);
    const served = [...OPERATIONS.map(({ path }) => path), '/socket.io/', '/schemas/message.json'];
    expect(paths.filter((path = '') => !served.includes(path))).toEqual([]);
    expect([paths.length > 8, LLMS_TEXT.length < 4000]).toEqual([true, true]);
  });

  it('publish the schema of each event under its name', () => {
    const ids = EVENT_NAMES.map((name) => EVENT_SCHEMAS[name]['$id']);
    expect(ids).toEqual(EVENT_NAMES.map((name) => `urn:pollcast:schema:${name}`));
  });
});
