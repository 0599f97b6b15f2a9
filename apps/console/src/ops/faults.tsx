import { useTexts } from '../text/index.js';
import { clockTime } from '../view/time.js';
import type { AdminApi } from './admin-api.js';
import type { Quarantined } from './overview.js';
import { Action, Panel, Table } from './panel.js';
import { useOpsTexts } from './words.js';

/** Failed polls and refused clients by their codes, the most frequent first. */
export function Errors({ errors }: { readonly errors: ReadonlyMap<string, number> }) {
  const { errors: texts } = useOpsTexts();
  const sorted = [...errors].sort(([, one], [, other]) => other - one);
  return (
    <Panel id="errors" title={texts.title}>
      {sorted.length === 0 && <p class="hint">{texts.none}</p>}
      <dl class="errors">
        {sorted.map(([code, count]) => (
          <div key={code}>
            <dt>
              <code>{code}</code>
            </dt>
            <dd>{count}</dd>
          </div>
        ))}
      </dl>
    </Panel>
  );
}

export interface QuarantineProps {
  readonly tickets: readonly Quarantined[];
  readonly api: AdminApi;
}

/** The tickets that the upstream refuses. */
export function Quarantine({ tickets, api }: QuarantineProps) {
  const { locale } = useTexts();
  const { quarantine: texts } = useOpsTexts();
  return (
    <Panel id="quarantine" title={texts.title}>
      <p class="hint">{tickets.length === 0 ? texts.none : texts.lead}</p>
      {tickets.length > 0 && (
        <Table label={texts.title} head={[texts.ticket, texts.refusals, texts.next, '']}>
          {tickets.map(({ feed, case_id: caseId, refusals, until }) => (
            <tr key={`${feed} ${caseId}`}>
              <th scope="row">
                <code>{caseId}</code>
              </th>
              <td>{refusals}</td>
              <td>{until ? clockTime(Date.parse(until), locale) : texts.never}</td>
              <td>
                <Action name={texts.release} of={caseId} act={() => api.release(caseId)} />
              </td>
            </tr>
          ))}
        </Table>
      )}
    </Panel>
  );
}
