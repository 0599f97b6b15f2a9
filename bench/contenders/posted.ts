import { request, type Agent } from 'node:http';

export interface Post {
  readonly port: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Resolves when a server has taken a request. @throws if it answers with an error */
export function posted(agent: Agent, { port, path, headers, body }: Post): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request({ agent, host: '127.0.0.1', port, path, method: 'POST', headers }, (response) => {
      const { statusCode = 0 } = response;
      let text = '';
      response
        .setEncoding('utf8')
        .on('data', (part: string) => (text += part))
        .once('end', () =>
          statusCode < 300 ? resolve() : reject(new Error(`${path} answered ${statusCode}: ${text.slice(0, 200)}`)),
        );
    });
    sent.once('error', reject);
    sent.end(body);
  });
}
