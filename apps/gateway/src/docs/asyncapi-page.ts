import type { JsonSchema } from '#protocol';
import { details, escaped, example, htmlPage, paragraphs } from './html.js';

/** The parts of an AsyncAPI document that the page shows. */
interface AsyncApi {
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly channels: Readonly<
    Record<string, { readonly title: string; readonly address: string; readonly description: string; messages: object }>
  >;
  readonly components: { readonly messages: Readonly<Record<string, MessageObject>> };
}

interface MessageObject {
  readonly title: string;
  readonly summary?: string;
  readonly payload: JsonSchema;
  readonly examples: readonly { readonly name: string; readonly payload: unknown }[];
}

/** `/docs/asyncapi`: an AsyncAPI document for people, as static HTML. */
export function asyncApiPage(document: object): string {
  const { info, channels, components } = document as AsyncApi;
  const shown = Object.values(channels).map(({ title, address, description, messages }) => {
    const items = Object.keys(messages).map((name) => `<li><a href="#${escaped(name)}">${escaped(name)}</a></li>`);
    return `<section><h2>${escaped(title)}: <code>${escaped(address)}</code></h2>${paragraphs(description)}<ul>${items.join('')}</ul></section>`;
  });
  const messages = Object.entries(components.messages).map(([name, message]) => messageHtml(name, message));
  return htmlPage(
    `${info.title} ${info.version}`,
    `${paragraphs(info.description)}${shown.join('\n')}<section><h2>Messages</h2>${messages.join('\n')}</section>`,
  );
}

function messageHtml(name: string, { title, summary, payload, examples }: MessageObject): string {
  const shown = examples.map(({ name: which, payload: value }) => details(`Example: ${which}`, example(value)));
  return `<article id="${escaped(name)}"><h3>${escaped(title)}</h3>${paragraphs(summary)}${shown.join('\n')}${details('Schema', example(payload))}</article>`;
}
