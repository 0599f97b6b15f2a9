import type { TicketSet } from './overview.js';
import { Panel, Table } from './panel.js';
import { useOpsTexts } from './words.js';

export interface SetsProps {
  readonly sets: readonly TicketSet[];
  /** By the clock of the store, ms since 1970. */
  readonly now: number;
}

export function Sets({ sets, now }: SetsProps) {
  const { sets: texts } = useOpsTexts();
  const head = [texts.set, texts.members, texts.worker, texts.answered, texts.due, texts.failures];
  const secondsTo = (time: string) => (Date.parse(time) - now) / 1000;
  return (
    <Panel id="sets" title={texts.title}>
      <Table label={texts.title} head={head}>
        {sets.map((set) => (
          <tr key={`${set.feed}#${set.id}`}>
            <th scope="row">
              <code>{`${set.feed} #${set.id}`}</code>
            </th>
            <td>{set.members + set.joining}</td>
            <td>{set.worker === null ? texts.none : <code>{set.worker}</code>}</td>
            <td>{set.answered_at ? texts.ago(Math.max(0, -secondsTo(set.answered_at)).toFixed(1)) : texts.never}</td>
            <td>{set.due_at ? dueIn(secondsTo(set.due_at), texts) : texts.never}</td>
            <td class={set.failures > 0 ? 'bad' : ''}>
              {set.failures > 0 ? `${set.failures} · ${set.last_error?.reason ?? ''}` : '0'}
            </td>
          </tr>
        ))}
      </Table>
    </Panel>
  );
}

const dueIn = (seconds: number, texts: { in: (s: string) => string; ago: (s: string) => string }): string =>
  seconds >= 0 ? texts.in(seconds.toFixed(1)) : texts.ago((-seconds).toFixed(1));
