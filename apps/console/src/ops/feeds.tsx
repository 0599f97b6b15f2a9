import { useTexts } from '../text/index.js';
import { clockTime } from '../view/time.js';
import type { AdminApi } from './admin-api.js';
import type { Feed } from './overview.js';
import { Action, Panel, Table } from './panel.js';
import { useOpsTexts } from './words.js';

export interface FeedsProps {
  readonly feeds: readonly Feed[];
  readonly api: AdminApi;
}

export function Feeds({ feeds, api }: FeedsProps) {
  const { feeds: texts } = useOpsTexts();
  const head = [texts.feed, texts.tickets, texts.sets, texts.upstream, texts.late, ''];
  return (
    <Panel id="feeds" title={texts.title}>
      <Table label={texts.title} head={head}>
        {feeds.map((feed) => (
          <tr key={feed.feed}>
            <th scope="row">
              <code>{feed.feed}</code>
            </th>
            <td>{feed.tickets}</td>
            <td>{feed.sets}</td>
            <td>
              <UpstreamMark feed={feed} />
            </td>
            <td>{feed.late_s} s</td>
            <td>
              <Action
                name={feed.paused_at === null ? texts.pause : texts.resume}
                of={feed.feed}
                act={() => api.pause(feed.feed, feed.paused_at === null)}
              />
            </td>
          </tr>
        ))}
      </Table>
    </Panel>
  );
}

function UpstreamMark({ feed: { upstream, paused_at: paused } }: { readonly feed: Feed }) {
  const { locale } = useTexts();
  const { feeds: texts } = useOpsTexts();
  if (paused !== null) return <span class="mark warn">{texts.paused}</span>;
  if (upstream.state === 'ok') return <span class="mark ok">{texts.ok}</span>;
  const since = upstream.since ? ` ${texts.since} ${clockTime(Date.parse(upstream.since), locale)}` : '';
  return (
    <span class="mark bad">
      {upstream.reason}
      {since}
    </span>
  );
}
