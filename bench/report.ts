import type { Idle } from './idle.js';
import type { Row } from './rows.js';
import type { Measured } from './delivery-bench.js';
import { memoryText } from './support/peak-memory.js';
import { show, spreadOf, table } from './support/statistics.js';

type Named = readonly { readonly name: string }[];

/** Pairs of contenders, and the largest allowed ratio: with one ticket (`wideMax`), with many (`narrowMax`). */
const RATIOS: readonly (readonly [ours: string, theirs: string, wideMax: number, narrowMax: number])[] = [
  ['pollcast SSE', 'bare node:http SSE', 0.85, 1],
  ['pollcast SSE', 'nchan SSE', 1, 1],
  ['pollcast Socket.IO', 'bare Socket.IO', 0.75, 0.75],
  ['pollcast Socket.IO', 'bare ws', 1.15, 1.15],
];

/** Pairs of contenders, and the least allowed part of the bare server's accepts per second. */
const ACCEPTS: readonly (readonly [ours: string, theirs: string, least: number])[] = [
  ['pollcast SSE', 'bare node:http SSE', 0.8],
  ['pollcast Socket.IO', 'bare Socket.IO', 0.9],
];

/** The line that is printed after one measurement. */
export function deliveryLine(one: Measured): string {
  const latency = [one.p50, one.p99, one.max].map((ms) => ms.toFixed(1)).join('/');
  return (
    `${one.row}, ${one.contender}: ${one.cpuUs.toFixed(1)} us (${one.saturatedCpuUs.toFixed(1)} saturated), ` +
    `${Math.round(one.perSecond).toLocaleString('en')}/s, p50/p99/max ${latency} ms, ${one.lost + one.faults} lost, ` +
    `per connection ${memoryText(one.memory)}`
  );
}

export function idleLine(one: Idle): string {
  return (
    `idle, ${one.contender}: ${memoryText(one.memory)}, ` +
    `${Math.round(one.acceptsPerSecond)} accepts/s, ${Math.round(one.acceptCpuUs)} us each`
  );
}

export function printDeliveries(rows: readonly Row[], contenders: Named, all: readonly Measured[]): void {
  const head = [
    'row',
    'contender',
    'CPU us',
    'CPU us, saturated',
    'deliveries/s',
    'p50 ms',
    'p99 ms',
    'max ms',
    'kB each, resident',
    'kernel',
    'its sockets',
    'lost',
  ];
  const lines = rows.flatMap((row) =>
    contenders.map(({ name }) => {
      const of = all.filter((one) => one.row === row.name && one.contender === name);
      const cell = (pick: (one: Measured) => number, digits = 1) => show(spreadOf(of.map(pick)), digits);
      const lost = of.reduce((sum, one) => sum + one.lost + one.faults, 0);
      return [
        row.name,
        name,
        cell((one) => one.cpuUs),
        cell((one) => one.saturatedCpuUs),
        cell((one) => one.perSecond, 0),
        cell((one) => one.p50),
        cell((one) => one.p99),
        cell((one) => one.max),
        cell((one) => one.memory.resident / 1024),
        cell((one) => one.memory.kernel / 1024),
        cell((one) => one.memory.sockets / 1024),
        String(lost),
      ];
    }),
  );
  console.log(`\nDeliveries: CPU of the serving process per delivery, medians (and extremes)\n${table(head, lines)}`);
}

/** Prints the ratios of the medians of this run beside the allowed ratios. */
export function printRatios(rows: readonly Row[], all: readonly Measured[]): void {
  const median = (row: Row, contender: string) =>
    spreadOf(all.filter((one) => one.row === row.name && one.contender === contender).map((one) => one.cpuUs)).median;
  const lines = RATIOS.flatMap(([ours, theirs, wideMax, narrowMax]) =>
    rows.flatMap((row) => {
      const ratio = median(row, ours) / median(row, theirs);
      const most = row.tickets === 1 ? wideMax : narrowMax;
      if (Number.isNaN(ratio)) return [];
      return [[`${ours} / ${theirs}`, row.name, ratio.toFixed(2), most.toFixed(2), ratio <= most ? 'met' : 'MISSED']];
    }),
  );
  console.log(`\nCPU per delivery, ratios\n${table(['', 'row', 'ratio', 'at most', ''], lines)}`);
}

export function printIdle(clients: number, contenders: Named, all: readonly Idle[]): void {
  const head = ['contender', 'kB each, resident', 'kernel', 'its sockets', 'accepts/s', 'CPU us per accept'];
  const lines = contenders.map(({ name }) => {
    const of = all.filter((one) => one.contender === name);
    const cell = (pick: (one: Idle) => number, digits: number) => show(spreadOf(of.map(pick)), digits);
    return [
      name,
      cell((one) => one.memory.resident / 1024, 1),
      cell((one) => one.memory.kernel / 1024, 1),
      cell((one) => one.memory.sockets / 1024, 1),
      cell((one) => one.acceptsPerSecond, 0),
      cell((one) => one.acceptCpuUs, 0),
    ];
  });
  console.log(`\n${clients.toLocaleString('en')} idle connections\n${table(head, lines)}`);
  const median = (contender: string) =>
    spreadOf(all.filter((one) => one.contender === contender).map((one) => one.acceptsPerSecond)).median;
  const ratios = ACCEPTS.flatMap(([ours, theirs, least]) => {
    const ratio = median(ours) / median(theirs);
    if (Number.isNaN(ratio)) return [];
    return [[`${ours} / ${theirs}`, ratio.toFixed(2), least.toFixed(2), ratio >= least ? 'met' : 'MISSED']];
  });
  if (ratios.length > 0) console.log(`\nAccepts per second, ratios\n${table(['', 'ratio', 'at least', ''], ratios)}`);
}
