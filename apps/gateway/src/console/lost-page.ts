import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.6 system-ui, sans-serif; color: light-dark(#1d2433, #e7eaf0); background: light-dark(#f7f7f5, #12151c); }
main { max-width: 34rem; margin: 16vh auto 0; padding: 0 1.25rem; }
h1 { font-size: 1.35rem; margin: 0 0 .5rem; }
ul { padding: 0; list-style: none; }
li { padding: .6rem 0; border-top: 1px solid light-dark(#e2e2dd, #2a2f3b); }
a { color: light-dark(#0b6b5f, #6fd6c4); font-weight: 600; }
`;

/** Places that exist on every gateway. They are read by people, so each says what is there. */
const PLACES: readonly (readonly [path: string, english: string, chinese: string])[] = [
  ['/v1/events', 'is for programs: the event stream (SSE)', '供程序使用：事件流（SSE）'],
  ['/health/ready', 'says whether this gateway is ready', '网关是否就绪'],
];
const CONSOLE_PLACES: typeof PLACES = [
  ['/', 'Conversations: messages of tickets, live', '对话：工单消息，实时'],
  ['/ops', 'Operations: is everything well?', '运维：一切正常吗？'],
];

const DOCS_PLACES: typeof PLACES = [['/docs', 'describes the interfaces', '接口说明']];

/** What a person gets in a browser where a program gets the problem `not_found`. It repeats nothing of the address. */
export class LostPage {
  private readonly body: Buffer;
  private readonly policy: string;

  /** @param has what else there is to go to */
  constructor(has: { readonly console: boolean; readonly docs: boolean }) {
    const places = [...(has.console ? CONSOLE_PLACES : []), ...(has.docs ? DOCS_PLACES : []), ...PLACES];
    const items = places.map(
      ([path, english, chinese]) =>
        `<li><a href="${path}">${path}</a> ${english} <span lang="zh-CN">${chinese}</span></li>`,
    );
    this.body = Buffer.from(
      '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">' +
        `<title>Pollcast: nothing is here</title><style>${STYLE}</style><main><h1>Nothing is served at this address</h1>` +
        '<p>This is Pollcast, which pushes new messages of service tickets. Go on here: ' +
        '<span lang="zh-CN">此地址没有内容。请从这里继续：</span></p>' +
        `<ul>${items.join('')}</ul></main></html>`,
    );
    const digest = createHash('sha256').update(STYLE).digest('base64');
    this.policy = `default-src 'none'; style-src 'sha256-${digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
  }

  /** Answers a browser that shows what it gets. @returns whether it was one */
  answers(response: ServerResponse): boolean {
    const { method, headers } = response.req;
    const isPerson = (method === 'GET' || method === 'HEAD') && (headers.accept ?? '').includes('text/html');
    if (!isPerson || response.headersSent || response.destroyed) {
      return false;
    }
    response.setHeader('content-security-policy', this.policy);
    response.writeHead(404, {
      'content-type': 'text/html; charset=utf-8',
      'content-length': this.body.length,
      'cache-control': 'no-store',
      vary: 'Origin, Accept',
    });
    response.end(method === 'HEAD' ? undefined : this.body);
    return true;
  }
}
