import { type QuirkSet } from '../quirks.js';
import { FRACTIONS, type Position } from './cursor.js';
import { EXTRA_MESSAGE_FIELDS } from './embellishment.js';
import { type WallClock } from './wall-clock.js';

export interface Accessory {
  readonly accessory_id: string;
  readonly file_actual_name: string;
}

/** The documented fields of a message, but for `create_time`, which depends on who asks. */
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

/** What the text of a message depends on beside the message. */
export interface Look {
  readonly zone: WallClock;
  readonly quirks: QuirkSet;
  /** Whether the labels of rich text are left out, as `trim_osm_rich_text_label` asks for. */
  readonly trims: boolean;
}

const RICH_TEXT_LABEL = /<[^<>]*>/g;

/** One message of a ticket. It has an order and an exact time here, and shows neither: the upstream has no ids. */
export class Message implements Position {
  readonly fraction: number;
  /** When an answer was written that shows it for the first time, by the clock's `exact`; null before. */
  shownAt: number | null = null;
  private readonly afterTime: string;
  private rendered?: { readonly look: Look; readonly json: string };

  /**
   * @param seq the order of posting, over all tickets
   * @param timeMs its own time, which `create_time` and cursors are made of
   * @param visibleAt when answers begin to show it (ms since the epoch)
   * @param extra members to add, as raw JSON text (`"a":1.10,"b":2`), so that no number is rewritten on the way
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

  /** The last rendering is kept: as a rule all polls ask in one time zone, and for the same kind of text. */
  json(look: Look): string {
    const kept = this.rendered?.look;
    if (kept?.zone !== look.zone || kept.quirks !== look.quirks || kept.trims !== look.trims) {
      this.rendered = { look, json: this.render(look) };
    }
    return this.rendered?.json ?? '';
  }

  private render({ zone, quirks, trims }: Look): string {
    const { type, replier_type, replier, accessory_list } = this.fields;
    const content = trims ? this.fields.content.replace(RICH_TEXT_LABEL, '') : this.fields.content;
    const beforeTime = `${JSON.stringify({ type, replier_type, replier, content }).slice(0, -1)},"create_time":"`;
    // Only an empty list is ever null: the oddity hides no attachment, and twins stay twins.
    const accessories = quirks.null_fields && accessory_list.length === 0 ? null : accessory_list;
    const members = [`"accessory_list":${JSON.stringify(accessories)}`];
    if (quirks.extra_fields) members.push(EXTRA_MESSAGE_FIELDS);
    if (this.extra) members.push(this.extra);
    return `${beforeTime}${zone.format(this.timeMs, quirks.time_form)}${this.afterTime},${members.join(',')}}`;
  }
}
