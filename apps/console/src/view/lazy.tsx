import type { FunctionComponent } from 'preact';
import { useEffect, useState } from 'preact/hooks';

/** A component that is loaded when it is shown for the first time. */
export function lazy(load: () => Promise<FunctionComponent>): FunctionComponent {
  return function Lazy() {
    const [Loaded, setLoaded] = useState<FunctionComponent | null>(null);
    useEffect(() => void load().then((component) => setLoaded(() => component)), []);
    return Loaded && <Loaded />;
  };
}
