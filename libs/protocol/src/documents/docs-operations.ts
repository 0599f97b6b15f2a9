import { EVENT_NAMES, EVENT_SCHEMAS } from '../schemas/event-schemas.js';
import { oneOf } from '../schemas/json-schema.js';
import { json, type Answer, type Operation } from './operation.js';

const TAG = 'Documents';

const page = (description: string): Answer => ({ description, type: 'text/html', schema: { type: 'string' } });
const text = (description: string): Answer => ({ description, type: 'text/plain', schema: { type: 'string' } });

function document(path: string, id: string, summary: string, answer: Answer): Operation {
  const answers = { 200: answer, 304: { description: 'It has not changed since `If-None-Match`.' } };
  return { method: 'get', path, id, tag: TAG, summary, access: 'public', answers, refusals: [404] };
}

const OPENAPI = json('An OpenAPI 3.1 document.', { type: 'object' }, { openapi: '3.1.0' });
const ASYNCAPI = json('An AsyncAPI 3 document.', { type: 'object' }, { asyncapi: '3.0.0' });

/** The descriptions of the interfaces. With `DOCS=off` they are not served (404). */
export const DOCS_OPERATIONS: readonly Operation[] = [
  document('/docs', 'showDocs', 'This document, for people', {
    ...page('A page without scripts; with `Accept: application/json` the document itself.'),
    others: ['application/json'],
  }),
  document('/docs/asyncapi', 'showAsyncApi', 'The events, for people (`Accept: text/html`) and for machines', {
    ...ASYNCAPI,
    others: ['text/html'],
  }),
  document('/docs/style.css', 'readStyle', 'The style of both pages', {
    ...text('A style sheet.'),
    type: 'text/css',
  }),
  document('/openapi.json', 'readOpenApi', 'This document', OPENAPI),
  document('/docs/openapi.json', 'readOpenApiOfDocs', 'The same', OPENAPI),
  document('/asyncapi.json', 'readAsyncApi', 'The events over SSE and Socket.IO', ASYNCAPI),
  document('/docs/asyncapi.json', 'readAsyncApiOfDocs', 'The same', ASYNCAPI),
  {
    ...document(
      '/schemas/{event}.json',
      'readSchema',
      'The JSON Schema of the data of an event',
      json('A JSON Schema, draft 2020-12.', { type: 'object' }, EVENT_SCHEMAS.closing),
    ),
    parameters: [
      {
        name: 'event',
        in: 'path',
        required: true,
        description: 'The name of the event.',
        schema: oneOf(EVENT_NAMES),
        example: 'message',
      },
    ],
  },
  document('/llms.txt', 'readLlmsTxt', 'What Pollcast is and where to read on, for language models', text('Markdown.')),
];
