import type { Program } from '../harness/processes/program.js';

/** One line of a log. */
export interface LogLine {
  readonly level: string;
  /** As it was written. */
  readonly text: string;
}

/** What a program has written so far, on both of its outputs. A line that is no JSON has the level `none`. */
export function linesOf({ stdout, stderr }: Program): LogLine[] {
  return `${stdout}${stderr}`
    .split('\n')
    .filter(Boolean)
    .map((text) => ({ level: levelOf(text), text }));
}

function levelOf(text: string): string {
  try {
    return (JSON.parse(text) as { level?: string }).level ?? 'none';
  } catch {
    return 'none';
  }
}
