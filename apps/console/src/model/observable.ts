import { useEffect, useState } from 'preact/hooks';

/** Something that views watch. Changes within one frame are told once, so that a flood of messages costs one rendering. */
export class Observable {
  private readonly listeners = new Set<() => void>();
  private isDue = false;

  watch(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  protected changed(): void {
    if (this.isDue) return;
    this.isDue = true;
    // A hidden page gets no frames.
    const later = document.visibilityState === 'visible' ? requestAnimationFrame : (run: () => void) => setTimeout(run);
    later(() => {
      this.isDue = false;
      [...this.listeners].forEach((listener) => listener());
    });
  }
}

/** Renders the component again when it changes. */
export function useObserved<T extends Observable>(observed: T): T {
  const [, render] = useState(0);
  useEffect(() => observed.watch(() => render((count) => count + 1)), [observed]);
  return observed;
}

/** Renders the component again every so many ms, for times that pass. */
export function useClock(everyMs: number): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
