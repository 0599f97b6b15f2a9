import { type QuirkSet } from '../quirks.js';
import { FRACTIONS, type Position } from './cursor.js';
import { EXTRA_MESSAGE_FIELDS } from './embellishment.js';
import { type WallClock } from './wall-clock.js';

export interface Accessory {
  readonly accessory_id: string;
  readonly file_actual_name: string;
}

/** The documented fields of a message without `create_time`, which depends on the time zone of the request. */
export interface MessageFields {
  /** 0 customer, 1 agent. */
  readonly type: number;
  /** 0 customer, 1 engineer, 2 third party. */
  readonly replier_type: number;
  readonly replier: string;
  readonly content: string;
  readonly replier_name: string;
  readonly is_first_message: number;
  readonly iam_user_type: number;
  readonly accessory_list: readonly Accessory[];
}

/** What the text of a message depends on, besides the message. */
export interface Look {
  readonly zone: WallClock;
  readonly quirks: QuirkSet;
  /** Whether the message is written as a next release might write it. */
  readonly isNextRelease: boolean;
  /** Whether the labels of rich text are left out (`trim_osm_rich_text_label`). */
  readonly trims: boolean;
}

const RICH_TEXT_LABEL = /<[^<>]*>/g;

/** One message of a ticket. Its order and exact time are not in answers: the upstream has no message ids. */
export class Message implements Position {
  readonly fraction: number;
  /** When an answer showed it for the first time, by `exact` of the clock; null before. */
  shownAt: number | null = null;
  private readonly afterTime: string;
  private rendered?: { readonly look: Look; readonly json: string };

  /**
   * @param seq the order of posting, over all tickets
   * @param timeMs its own time, from which `create_time` and cursors are made
   * @param visibleAt the time from which answers show it (ms since the epoch)
   * @param extra members to add, as JSON text (`"a":1.10,"b":2`), so that numbers stay as they were written
   */
  constructor(
    readonly seq: number,
    readonly timeMs: number,
    readonly visibleAt: number,
    readonly fields: MessageFields,
    private readonly extra: string,
  ) {
    this.fraction = seq % FRACTIONS;
    const { replier_name, is_first_message, iam_user_type } = fields;
    this.afterTime = `",${JSON.stringify({ replier_name, is_first_message, iam_user_type }).slice(1, -1)}`;
  }

  /** The last rendering is kept, because polls usually have the same time zone and the same kind of text. */
  json(look: Look): string {
    const kept = this.rendered?.look;
    const isAsKept = kept?.zone === look.zone && kept.quirks === look.quirks && kept.trims === look.trims;
    if (!isAsKept || kept.isNextRelease !== look.isNextRelease) {
      this.rendered = { look, json: look.isNextRelease ? this.renderNextRelease(look) : this.render(look) };
    }
    return this.rendered?.json ?? '';
  }

  private render({ zone, quirks, trims }: Look): string {
    const { type, replier_type, replier, accessory_list } = this.fields;
    const content = this.content(trims);
    const beforeTime = `${JSON.stringify({ type, replier_type, replier, content }).slice(0, -1)},"create_time":"`;
    // Only an empty list becomes null, so no attachment is hidden and equal messages stay equal.
    const accessories = quirks.null_fields && accessory_list.length === 0 ? null : accessory_list;
    const members = [`"accessory_list":${JSON.stringify(accessories)}`];
    if (quirks.extra_fields) members.push(EXTRA_MESSAGE_FIELDS);
    if (this.extra) members.push(this.extra);
    return `${beforeTime}${zone.format(this.timeMs, quirks.time_form)}${this.afterTime},${members.join(',')}}`;
  }

  /** The same message in other words: fields added, renamed, trimmed, reordered, null for empty, another time zone. */
  private renderNextRelease({ zone, trims }: Look): string {
    const { replier_name, accessory_list, ...others } = this.fields;
    const members = JSON.stringify({
      channel: { kind: 'web', version: null },
      create_time: zone.format(this.timeMs, 'iso_utc'),
      accessory_list: accessory_list.length === 0 ? null : accessory_list.map((one) => ({ size: 0, ...one })).reverse(),
      replier_display_name: replier_name,
      ...others,
      content: this.content(trims).trim(),
    });
    return this.extra ? `${members.slice(0, -1)},${this.extra}}` : members;
  }

  private content(trims: boolean): string {
    return trims ? this.fields.content.replace(RICH_TEXT_LABEL, '') : this.fields.content;
  }
}
