import { createHash } from 'node:crypto';
import { asyncApiDocument, EVENT_NAMES, EVENT_SCHEMAS, LLMS_TEXT, openApiDocument } from '#protocol';
import { asyncApiPage } from './asyncapi-page.js';
import { openApiPage } from './openapi-page.js';
import { PAGE_STYLE } from './page-style.js';

/** One document, ready to be sent. */
export interface Served {
  readonly type: string;
  readonly body: Buffer;
  /** A strong entity tag. */
  readonly tag: string;
}

/** What is served at one path: one document, or two of which the request's `Accept` chooses. */
type Choice = (accept: string) => Served;

/** The descriptions of a gateway's interfaces, made once, by path. */
export class Documents {
  private readonly choices: ReadonlyMap<string, Choice>;

  /** @param version of the gateway */
  constructor(version: string) {
    const openApi = openApiDocument(version);
    const asyncApi = asyncApiDocument(version);
    const [openApiJson, asyncApiJson] = [json(openApi), json(asyncApi)];
    const [openApiHtml, asyncApiHtml] = [html(openApiPage(openApi)), html(asyncApiPage(asyncApi))];
    const always = (served: Served) => () => served;
    this.choices = new Map<string, Choice>([
      // A page for people, unless a program asks for JSON; and the other way round for the one that is named after it.
      ['/docs', (accept) => (wants(accept, 'json') && !wants(accept, 'html') ? openApiJson : openApiHtml)],
      ['/docs/asyncapi', (accept) => (wants(accept, 'html') ? asyncApiHtml : asyncApiJson)],
      ['/docs/style.css', always(served('text/css; charset=utf-8', PAGE_STYLE))],
      ['/openapi.json', always(openApiJson)],
      ['/docs/openapi.json', always(openApiJson)],
      ['/asyncapi.json', always(asyncApiJson)],
      ['/docs/asyncapi.json', always(asyncApiJson)],
      ['/llms.txt', always(served('text/plain; charset=utf-8', LLMS_TEXT))],
      ...EVENT_NAMES.map((name): [string, Choice] => [`/schemas/${name}.json`, always(json(EVENT_SCHEMAS[name]))]),
    ]);
  }

  /** The document at a path; null: there is none. @param path letter case and a slash at the end do not count */
  at(path: string, accept = ''): Served | null {
    const choice = this.choices.get(path.toLowerCase().replace(/\/$/, ''));
    return choice?.(accept) ?? null;
  }
}

function wants(accept: string, type: 'json' | 'html'): boolean {
  return accept.includes(type === 'json' ? 'application/json' : 'text/html');
}

function json(value: object): Served {
  return served('application/json; charset=utf-8', JSON.stringify(value));
}

function html(text: string): Served {
  return served('text/html; charset=utf-8', text);
}

function served(type: string, text: string): Served {
  const tag = `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`;
  return { type, body: Buffer.from(text), tag };
}
