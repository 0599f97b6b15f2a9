import type { JsonSchema } from '#protocol';
import { details, escaped, example, htmlPage, paragraphs, sentence, table } from './html.js';

/** The parts of an OpenAPI document that the page shows. */
interface OpenApi {
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, OperationObject>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>;
    readonly responses: Readonly<Record<string, ResponseObject>>;
  };
}

interface OperationObject {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly security: readonly object[];
  readonly parameters?: readonly ParameterObject[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, ResponseObject | { readonly $ref: string }>>;
}

interface ParameterObject {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema: JsonSchema;
}

interface ResponseObject {
  readonly description: string;
  readonly content?: Content;
}

type Content = Readonly<Record<string, { readonly schema?: JsonSchema; readonly example?: unknown }>>;

/** `/docs`: an OpenAPI document for people, as static HTML. */
export function openApiPage(document: object): string {
  const { info, tags, paths, components } = document as OpenApi;
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.replace('x-', ''), operation })),
  );
  const sections = tags.map(({ name, description }) => {
    const own = operations.filter(({ operation }) => operation.tags.includes(name));
    const shown = own.map(({ path, method, operation }) =>
      operationHtml(method, path, operation, components.responses),
    );
    return `<section><h2>${escaped(name)}</h2>${paragraphs(description)}${shown.join('\n')}</section>`;
  });
  const schemas = Object.entries(components.schemas).map(
    ([name, schema]) => `<div id="schema-${escaped(name)}">${details(`\`${name}\``, example(schema))}</div>`,
  );
  return htmlPage(
    `${info.title} ${info.version}`,
    `${paragraphs(info.description)}${sections.join('\n')}<section><h2>Schemas</h2>${schemas.join('\n')}</section>`,
  );
}

function operationHtml(
  method: string,
  path: string,
  operation: OperationObject,
  components: Readonly<Record<string, ResponseObject>>,
): string {
  const { operationId, summary, description, security, parameters = [], requestBody, responses } = operation;
  const answers = Object.entries(responses).map(([status, response]) => {
    const { description: text, content = {} } = resolved(response, components);
    const types = Object.keys(content).map(
      (type) => `<code>${escaped(type)}</code> ${schemaName(content[type]?.schema)}`,
    );
    return [`<code>${status}</code>`, sentence(text), types.join('<br>')];
  });
  const shown = [...contentExamples('Request', requestBody?.content), ...answerExamples(responses)];
  return `<article id="${escaped(operationId)}">
<h3><code>${escaped(method.toUpperCase())} ${escaped(path)}</code></h3>
<p>${sentence(summary)}${security.length === 0 ? '' : ' <em>Needs a token.</em>'}</p>
${paragraphs(description)}
${parameters.length === 0 ? '' : table(['parameter', 'in', 'value', ''], parameters.map(parameterCells))}
${table(['status', 'answer', 'body'], answers)}
${shown.join('\n')}
</article>`;
}

function parameterCells({ name, in: place, required, description, schema }: ParameterObject): string[] {
  const { description: own, examples: _examples, ...rules } = schema;
  const text = description ?? (typeof own === 'string' ? own : '');
  return [
    `<code>${escaped(name)}</code>${required ? ' (required)' : ''}`,
    escaped(place),
    `<code>${escaped(JSON.stringify(rules))}</code>`,
    sentence(text),
  ];
}

function resolved(
  response: ResponseObject | { readonly $ref: string },
  components: Readonly<Record<string, ResponseObject>>,
): ResponseObject {
  if (!('$ref' in response)) {
    return response;
  }
  return components[response.$ref.split('/').at(-1) ?? ''] ?? { description: '' };
}

function schemaName({ $ref: place }: JsonSchema = {}): string {
  const name = typeof place === 'string' ? escaped(place.split('/').at(-1) ?? '') : '';
  return name && `<a href="#schema-${name}">${name}</a>`;
}

function contentExamples(title: string, content: Content = {}): string[] {
  return Object.values(content).flatMap(({ example: value }) =>
    value === undefined ? [] : [details(title, example(value))],
  );
}

/** Successful answers only: the table of answers says enough of refusals. */
function answerExamples(responses: OperationObject['responses']): string[] {
  return Object.entries(responses).flatMap(([status, response]) =>
    '$ref' in response ? [] : contentExamples(`Answer ${status}`, response.content),
  );
}
