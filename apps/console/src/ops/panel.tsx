import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { useOpsTexts } from './words.js';

export interface PanelProps {
  readonly id: string;
  readonly title: string;
  readonly children: ComponentChildren;
}

export const Panel = ({ id, title, children }: PanelProps) => (
  <section class="panel card" aria-labelledby={`${id}-title`}>
    <h2 id={`${id}-title`}>{title}</h2>
    {children}
  </section>
);

export interface TableProps {
  readonly label: string;
  readonly head: readonly string[];
  readonly children: ComponentChildren;
}

/** Scrolls sideways where the screen is narrow, also by keyboard. */
export const Table = ({ label, head, children }: TableProps) => (
  <div class="table" role="group" aria-label={label} tabIndex={0}>
    <table>
      <thead>
        <tr>
          {head.map((name) =>
            name === '' ? (
              <td key="actions" />
            ) : (
              <th key={name} scope="col">
                {name}
              </th>
            ),
          )}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  </div>
);

export interface ActionProps {
  readonly name: string;
  /** What it is done to, for those who hear the button alone. */
  readonly of: string;
  readonly act: () => Promise<unknown>;
}

/** A button that says what came of it. */
export function Action({ name, of, act }: ActionProps) {
  const { done } = useOpsTexts();
  const [said, setSaid] = useState('');
  const [isBusy, setBusy] = useState(false);
  const run = async () => {
    setBusy(true);
    setSaid(
      await act().then(
        () => done,
        (error: unknown) => (error instanceof Error ? error.message : String(error)),
      ),
    );
    setBusy(false);
  };
  return (
    <span class="action">
      <button type="button" disabled={isBusy} aria-label={`${name}: ${of}`} onClick={() => void run()}>
        {name}
      </button>
      <span class="hint" role="status">
        {said}
      </span>
    </span>
  );
}
