import { join } from 'node:path';

import { QueryClient, QueryObserver } from '@tanstack/query-core';
import { createElement } from 'react';
import { renderToString as renderReact } from 'react-dom/server';
import { createSSRApp, effectScope, h } from 'vue';
import { renderToString as renderVue } from 'vue/server-renderer';

import { connect, fromSnapshots, type CaseSnapshot, type Client, type TicketMessage } from '#client';
import { useTicket } from '#client/react';
import { ticketQueryOptions } from '#client/tanstack-query';
import { useTickets } from '#client/vue';
import { useDeployment } from './fixtures/use-deployment.js';
import { exchange } from './harness/clients/exchange.js';
import { tokenFor } from './harness/clients/tokens.js';
import { CONFIDENTIAL } from './harness/log-faults.js';
import { OwnedProcess } from './harness/processes/owned-process.js';
import { ROOT } from './harness/processes/repository.js';
import { until } from './harness/until.js';
import { freshTickets } from './harness/upstream/traffic.js';

const WITHIN_MS = 20_000;
const contentsOf = (messages: readonly TicketMessage[]) => messages.map(({ message }) => String(message['content']));

/** What a page of a framework shows, and how it stops to show it. */
interface Bound {
  contents(): readonly string[];
  end(): unknown;
}

/** Frameworks that jest can load. */
const IN_JEST: Readonly<Record<string, (client: Client, caseId: string) => Bound>> = {
  vue(client, caseId) {
    const scope = effectScope();
    const tickets = scope.run(() => useTickets(client, caseId));
    return { contents: () => contentsOf(tickets?.value.messages ?? []), end: () => scope.stop() };
  },
  'TanStack Query'(client, caseId) {
    const queries = new QueryClient();
    const observer = new QueryObserver(queries, ticketQueryOptions(client, caseId));
    const end = observer.subscribe(() => undefined);
    return {
      contents: () => contentsOf(observer.getCurrentResult().data?.messages ?? []),
      end: () => (end(), queries.clear()),
    };
  },
};

/** Frameworks in a process of their own. */
class InProcess implements Bound {
  private readonly process: OwnedProcess;

  constructor(binding: string, url: string, token: string, caseId: string) {
    const program = join(ROOT, 'test/fixtures/esm-bindings.mjs');
    const env = { PATH: process.env['PATH'] ?? '' };
    this.process = new OwnedProcess(process.execPath, [program, binding, url, token, caseId], { env });
  }

  /** The last line that it printed. */
  get last(): { contents: string[]; isReady: boolean; shown: string; state: string } {
    const lines = this.process.stdout.split('\n').slice(0, -1);
    return JSON.parse(lines.at(-1) ?? '{"contents":[],"isReady":false,"shown":"","state":""}') as InProcess['last'];
  }

  contents(): readonly string[] {
    return this.last.contents;
  }

  get said(): string {
    return `${this.process.stdout}\n${this.process.stderr}`;
  }

  end(): void {
    this.process.signal('SIGTERM');
  }

  async kill(): Promise<void> {
    await this.process.kill();
  }
}

describe('the bindings of pollcast-client', () => {
  const deployment = useDeployment();
  const clients: Client[] = [];
  const open = async () => {
    const client = connect({ url: deployment.gateway().url, token: await tokenFor(), tabs: false });
    clients.push(client);
    return client;
  };
  afterEach(() => clients.splice(0).forEach((client) => client.close()));
  const say = async (caseId: string, what: string) => {
    const content = `${CONFIDENTIAL} ${what}`;
    await deployment.upstream.post({ case_id: caseId, content });
    return content;
  };

  it.each(Object.entries(IN_JEST))('%s: history, then live messages, until nobody looks', async (_, bind) => {
    const [caseId = ''] = freshTickets(1);
    const said = [await say(caseId, 'before')];
    const client = await open();
    const bound = bind(client, caseId);
    await until(() => bound.contents().length === 1, WITHIN_MS, 'the history');
    said.push(await say(caseId, 'live'));
    await until(() => bound.contents().length === 2, WITHIN_MS, 'the live message');
    expect(bound.contents()).toEqual(said);
    await bound.end();
    await until(() => client.state.name === 'idle', WITHIN_MS, 'nothing to be followed');
  });

  it.each(['angular', 'svelte', 'tanstack-db'])(
    '%s: history, then live messages, until nobody looks',
    async (binding) => {
      const [caseId = ''] = freshTickets(1);
      const said = [await say(caseId, 'before')];
      const bound = new InProcess(binding, deployment.gateway().url, await tokenFor(), caseId);
      const reaches = (what: (last: InProcess['last']) => boolean) =>
        until(
          () => what(bound.last),
          WITHIN_MS,
          () => bound.said,
        );
      try {
        await reaches(({ contents, isReady, shown }) => contents.length === 1 && isReady && shown === 'live');
        said.push(await say(caseId, 'live'));
        await reaches(({ contents }) => contents.length === 2);
        expect(bound.contents()).toEqual(said);
        bound.end();
        await reaches(({ state }) => state === 'idle');
      } finally {
        await bound.kill();
      }
    },
  );

  it('TanStack Query: asking again begins nothing anew, and who comes back gets what was missed', async () => {
    const [caseId = ''] = freshTickets(1);
    const client = await open();
    const queries = new QueryClient();
    const options = ticketQueryOptions(client, caseId);
    const observer = new QueryObserver(queries, options);
    const contents = () => contentsOf(observer.getCurrentResult().data?.messages ?? []);
    const leave = observer.subscribe(() => undefined);
    const said = [await say(caseId, 'first')];
    await until(() => contents().length === 1, WITHIN_MS, 'the first message');
    expect(contentsOf((await observer.refetch()).data?.messages ?? [])).toEqual(said);
    leave();
    await until(() => client.state.name === 'idle', WITHIN_MS, 'nothing to be followed');
    said.push(await say(caseId, 'while nobody looked'));
    const leaveAgain = observer.subscribe(() => undefined);
    await until(() => contents().length === 2, WITHIN_MS, 'what was missed');
    expect(contents()).toEqual(said);
    leaveAgain();
    // A prefetch has what the replay had, and follows nothing.
    await until(() => client.state.name === 'idle', WITHIN_MS, 'nothing to be followed');
    queries.clear();
    await queries.prefetchQuery(options);
    expect(contentsOf(queries.getQueryData<{ messages: TicketMessage[] }>(options.queryKey)?.messages ?? [])).toEqual(
      said,
    );
    await until(() => client.state.name === 'idle', WITHIN_MS, 'nothing to be followed after a prefetch');
    queries.clear();
  });

  it('a server renders a snapshot and follows nothing; the stream goes on from it, and nothing is lost or comes twice', async () => {
    const [caseId = ''] = freshTickets(1);
    const observer = await open();
    const seen: string[] = [];
    observer.subscribe(caseId, { onMessage: ({ message }) => seen.push(String(message['content'])) });
    const said = [await say(caseId, 'first'), await say(caseId, 'second')];
    await until(() => seen.length === 2, WITHIN_MS, 'the ticket to be polled');

    const headers = { authorization: `Bearer ${await tokenFor()}` };
    const { text } = await exchange(`${deployment.gateway().url}/v1/cases/${caseId}/snapshot`, { headers });
    const snapshots = [JSON.parse(text) as CaseSnapshot];
    const { initial, store } = fromSnapshots(snapshots);
    const server = await open();
    const React = () => createElement('p', null, contentsOf(useTicket(server, caseId, initial).messages).join());
    const Vue = { setup: () => useTickets(server, caseId, initial) && (() => h('p', said.join())) };
    expect(renderReact(createElement(React))).toBe(`<p>${said.join()}</p>`);
    expect(await renderVue(createSSRApp(Vue))).toBe(`<p>${said.join()}</p>`);
    expect(server.state.name).toBe('idle');

    // More than the history that a subscription without a position gets.
    await deployment.upstream.post({ case_id: caseId, content: `${CONFIDENTIAL} at the seam {n}`, count: 60 });
    said.push(...Array.from({ length: 60 }, (_, at) => `${CONFIDENTIAL} at the seam ${at + 1}`));
    await until(() => seen.length === 62, WITHIN_MS, 'the messages at the seam');
    const page = connect({ url: deployment.gateway().url, token: await tokenFor(), tabs: false, store });
    clients.push(page);
    const queries = new QueryClient();
    const query = new QueryObserver(queries, ticketQueryOptions(page, caseId, initial));
    expect(contentsOf(query.getCurrentResult().data?.messages ?? [])).toEqual(said.slice(0, 2));
    const leave = query.subscribe(() => undefined);
    said.push(await say(caseId, 'live'));
    const contents = () => contentsOf(query.getCurrentResult().data?.messages ?? []);
    await until(() => contents().length >= 63, WITHIN_MS, 'everything in the page');
    expect(contents()).toEqual(said);
    leave();
    queries.clear();
  });
});
