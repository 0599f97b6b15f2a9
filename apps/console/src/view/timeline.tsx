import { Component, createRef, type VNode } from 'preact';
import type { Conversation } from '../model/conversation.js';
import type { Texts } from '../text/en.js';
import { EntryView } from './entry-view.js';

/** Entries that are rendered, measured and left out together. */
const CHUNK = 15;
/** Height of an entry that was not measured yet, px. */
const ENTRY_PX = 66;
/** What is rendered beyond the visible part, px. */
const MARGIN_PX = 500;
/** A reader who is this close to the end follows it, px. */
const NEAR_PX = 60;
/** Older messages are asked for when this much is left above, px. */
const OLDER_PX = 400;

export interface TimelineProps {
  readonly conversation: Conversation;
  readonly version: number;
  readonly texts: Texts;
  /** Gets this list while it is shown. */
  readonly list: { current: Timeline | null };
  readonly onOlder: () => void;
  /** Whether the newest message is in sight. */
  readonly onFollowing: (isFollowing: boolean) => void;
}

interface TimelineState {
  readonly from: number;
  readonly to: number;
}

/** What stands still while the list changes: the end, or the first visible entry. */
type Anchor = { readonly seq: number; readonly top: number } | 'end' | null;

/**
 * A conversation of any length. Entries have sequence numbers that never change, so chunks of them keep their places when
 * older ones are added in front. Only chunks near the visible part are in the page; a space of the same height stands for each
 * other one. What the reader looks at stays where it is.
 */
export class Timeline extends Component<TimelineProps, TimelineState> {
  override state: TimelineState = { from: 0, to: 0 };
  private readonly scroller = createRef<HTMLDivElement>();
  private readonly heights = new Map<number, number>();
  private isFollowing = true;
  private frame = 0;
  /** Where this list has scrolled to by itself: the event of it is not the reader's. */
  private ownTop = -1;
  private resized: ResizeObserver | null = null;
  private width = 0;

  override componentDidMount(): void {
    this.props.list.current = this;
    this.toEnd();
    this.resized = new ResizeObserver(([entry]) => {
      const width = entry?.contentRect.width ?? 0;
      if (width !== this.width) this.heights.clear();
      this.width = width;
      if (this.isFollowing) this.toEnd();
      this.look();
    });
    if (this.scroller.current) this.resized.observe(this.scroller.current);
  }

  override componentWillUnmount(): void {
    this.props.list.current = null;
    this.resized?.disconnect();
    cancelAnimationFrame(this.frame);
  }

  override getSnapshotBeforeUpdate(): Anchor {
    const scroller = this.scroller.current;
    if (!scroller || this.isFollowing) return 'end';
    const top = scroller.getBoundingClientRect().top;
    for (const element of scroller.querySelectorAll<HTMLElement>('[data-seq]')) {
      const box = element.getBoundingClientRect();
      if (box.bottom > top) return { seq: Number(element.dataset['seq']), top: box.top };
    }
    return null;
  }

  override componentDidUpdate(_: TimelineProps, __: TimelineState, anchor: Anchor): void {
    this.measure();
    const scroller = this.scroller.current;
    if (!scroller) return;
    if (anchor === 'end') this.toEnd();
    else if (anchor) {
      const element = scroller.querySelector(`[data-seq="${anchor.seq}"]`);
      if (element) scroller.scrollTop += element.getBoundingClientRect().top - anchor.top;
      this.ownTop = scroller.scrollTop;
    }
    this.look();
  }

  /** Scrolls to the newest entry, and follows from there. */
  toEnd(): void {
    const scroller = this.scroller.current;
    if (!scroller) return;
    scroller.scrollTop = scroller.scrollHeight;
    this.ownTop = scroller.scrollTop;
    this.follow(true);
  }

  override render({ conversation, texts, version: _ }: TimelineProps): VNode {
    const chunks: VNode[] = [];
    const last = chunkOf(conversation.end - 1);
    const { from, to } = this.shown(last);
    for (let chunk = chunkOf(conversation.first); chunk <= last; chunk += 1) {
      chunks.push(
        chunk >= from && chunk <= to ? (
          <div key={chunk} data-chunk={chunk}>
            {this.entries(chunk)}
          </div>
        ) : (
          <div key={chunk} class="space" style={{ height: `${this.heightOf(chunk)}px` }} />
        ),
      );
    }
    return (
      <div
        id="messages"
        class="timeline"
        ref={this.scroller}
        tabIndex={0}
        role="region"
        aria-label={texts.conversation.label(conversation.caseId)}
        onScroll={this.scrolled}
      >
        {chunks}
      </div>
    );
  }

  private entries(chunk: number): VNode[] {
    const { conversation, texts } = this.props;
    const rows: VNode[] = [];
    for (let seq = chunk * CHUNK; seq < (chunk + 1) * CHUNK; seq += 1) {
      const entry = conversation.at(seq);
      if (entry) rows.push(<EntryView key={seq} entry={entry} before={conversation.at(seq - 1)} texts={texts} />);
    }
    return rows;
  }

  /** A reader who follows sees the last chunks, whatever was looked at before. */
  private shown(last: number): TimelineState {
    const { from, to } = this.state;
    if (!this.isFollowing) return this.state;
    return to >= last - 1 ? { from: Math.min(from, last), to: last } : { from: last - 3, to: last };
  }

  private readonly scrolled = (): void => {
    if (this.frame !== 0) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      const scroller = this.scroller.current;
      if (!scroller) return;
      const left = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;
      if (Math.abs(scroller.scrollTop - this.ownTop) > 1) this.follow(left < NEAR_PX);
      else if (this.isFollowing && left >= 1) this.toEnd();
      this.look();
      if (scroller.scrollTop < OLDER_PX && !this.isFollowing) this.props.onOlder();
    });
  };

  private follow(isFollowing: boolean): void {
    if (isFollowing === this.isFollowing) return;
    this.isFollowing = isFollowing;
    this.props.onFollowing(isFollowing);
  }

  /** Finds the chunks that are near the visible part. */
  private look(): void {
    const scroller = this.scroller.current;
    if (!scroller) return;
    const { conversation } = this.props;
    const [first, last] = [chunkOf(conversation.first), chunkOf(conversation.end - 1)];
    const [above, below] = [scroller.scrollTop - MARGIN_PX, scroller.scrollTop + scroller.clientHeight + MARGIN_PX];
    let [from, to, top] = [last, first, 0];
    for (let chunk = first; chunk <= last; chunk += 1) {
      const bottom = top + this.heightOf(chunk);
      if (bottom >= above && chunk < from) from = chunk;
      if (top <= below) to = chunk;
      top = bottom;
    }
    if (from !== this.state.from || to !== this.state.to) this.setState({ from, to });
  }

  private measure(): void {
    for (const element of this.scroller.current?.querySelectorAll<HTMLElement>('[data-chunk]') ?? []) {
      this.heights.set(Number(element.dataset['chunk']), element.offsetHeight);
    }
  }

  private heightOf(chunk: number): number {
    const { first, end } = this.props.conversation;
    const entries = Math.min(end, (chunk + 1) * CHUNK) - Math.max(first, chunk * CHUNK);
    return this.heights.get(chunk) ?? entries * ENTRY_PX;
  }
}

const chunkOf = (seq: number): number => Math.floor(seq / CHUNK);
