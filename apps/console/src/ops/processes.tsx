import type { Gateway, Worker } from './overview.js';
import { Panel, Table } from './panel.js';
import { useOpsTexts } from './words.js';

export function Workers({ workers }: { readonly workers: readonly Worker[] }) {
  const { workers: texts } = useOpsTexts();
  const all = workers.reduce((sum, { sets }) => sum + sets, 0);
  const head = [texts.process, texts.state, texts.sets, texts.share, texts.flight, texts.version];
  return (
    <Panel id="workers" title={texts.title}>
      {workers.length === 0 && <p class="mark bad">{texts.none}</p>}
      {workers.length > 0 && (
        <Table label={texts.title} head={head}>
          {workers.map(({ process, state, sets, polls_in_flight: flight, version }) => (
            <tr key={process}>
              <th scope="row">
                <code>{process}</code>
              </th>
              <td>
                <span class={state === 'polling' ? 'mark ok' : 'mark warn'}>{state}</span>
              </td>
              <td>{sets}</td>
              <td>
                <meter min={0} max={1} value={all > 0 ? sets / all : 0} aria-label={texts.share} />{' '}
                {all > 0 ? `${Math.round((sets / all) * 100)} %` : '–'}
              </td>
              <td>{flight}</td>
              <td>{version}</td>
            </tr>
          ))}
        </Table>
      )}
    </Panel>
  );
}

export function Gateways({ gateways }: { readonly gateways: readonly Gateway[] }) {
  const { gateways: texts } = useOpsTexts();
  return (
    <Panel id="gateways" title={texts.title}>
      <Table label={texts.title} head={[texts.process, texts.connections, texts.version]}>
        {gateways.map(({ process, connections, version }) => (
          <tr key={process}>
            <th scope="row">
              <code>{process}</code>
            </th>
            <td>{connections}</td>
            <td>{version}</td>
          </tr>
        ))}
      </Table>
    </Panel>
  );
}
