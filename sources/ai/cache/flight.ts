import { CancellationSource } from '../../../kernel/cancellation.ts';
import { SkeinError } from '../../../kernel/errors.ts';
import type { CallContext } from '../../source.ts';
import type { FinishPart, ModelPart, ModelResponse } from '../model.ts';
import type { ModelStream } from '../routes/route-stream.ts';
import { toSkeinError } from '../routes/run-call.ts';
import { AnswerRecorder } from './answer-recorder.ts';
import { FlightReader } from './flight-reader.ts';

/** A call of a model, as a stream. One that is asked for whole has its answer beside its parts. */
export interface AnswerStream extends ModelStream {
  readonly answer?: ModelResponse | undefined;
}

export interface FlightOptions {
  /** Whose call it is. */
  readonly context: CallContext;
  open(context: CallContext): AnswerStream;
  /** Told once, when it has ended: with the whole answer, or, where there is none, without. */
  ended(answer: ModelResponse | undefined): void;
  /** How many characters one who reads it may be behind another. Default: a million. */
  readonly mostBehind?: number | undefined;
}

/** A part of the answer, and the one after it: what all have read is let go of. */
export interface Link {
  readonly part: ModelPart | undefined;
  next: Link | undefined;
  /** Characters until here. */
  readonly position: number;
}

type Outcome =
  | { readonly finish: FinishPart; readonly answer: ModelResponse | undefined }
  | { readonly error: SkeinError };

const MOST_BEHIND = 1_000_000;
const MOST_READERS = 1_000;
/** What a part takes beside its text, about. */
const PART_CHARACTERS = 50;

/**
 * A call of a model whose answer several wait for: it goes on as long as one of them does. The one that reads fastest
 * reads on for all; nobody gets further ahead of the slowest than a number of characters.
 */
export class Flight {
  readonly context: CallContext;
  readonly #own = new CancellationSource();
  readonly #source: AnswerStream;
  readonly #ended: FlightOptions['ended'];
  readonly #mostBehind: number;
  readonly #recorder = new AnswerRecorder();
  readonly #readers = new Set<FlightReader>();
  #deadlineAt: number;
  #last: Link = { part: undefined, next: undefined, position: 0 };
  #isReading = false;
  /** Somebody is too far behind for the next part to be read. */
  #isHeld = false;
  #outcome: Outcome | undefined;

  constructor({ context, open, ended, mostBehind = MOST_BEHIND }: FlightOptions) {
    this.#deadlineAt = context.deadlineAt;
    const { callerScope } = context;
    const latest = () => this.#deadlineAt;
    this.context = {
      ...{ ...context, callerScope, cancellation: this.#own },
      get deadlineAt() {
        return latest();
      },
    };
    this.#ended = ended;
    this.#mostBehind = mostBehind;
    this.#source = open(this.context);
  }

  get model() {
    return this.#source.model;
  }

  get outcome(): Outcome | undefined {
    return this.#outcome;
  }

  /** Undefined: it cannot be read from its beginning any more, or too many read it already. */
  join(context: CallContext): FlightReader | undefined {
    if (this.#readers.size >= MOST_READERS || !this.#recorder.isWhole) return undefined;
    if (this.#outcome !== undefined && 'error' in this.#outcome) return undefined;
    const reader = new FlightReader(this, context, this.#recorder.parts(), this.#last);
    if (this.#outcome === undefined) this.#readers.add(reader);
    this.#deadlineAt = Math.max(this.#deadlineAt, context.deadlineAt);
    return reader;
  }

  leave(reader: FlightReader, reason: SkeinError | undefined): void {
    if (!this.#readers.delete(reader) || this.#outcome !== undefined) return;
    if (this.#readers.size > 0) {
      this.advanced();
      return;
    }
    const error = reason ?? new SkeinError('CLIENT_CLOSED_REQUEST');
    this.#end({ error }, undefined);
    this.#own.cancel(error);
    void this.#source.return?.();
  }

  /** Sees to it that there is a next part, unless somebody is too far behind; readers are woken when there is one. */
  read(): void {
    if (this.#isReading || this.#outcome !== undefined) return;
    this.#isHeld = this.#isTooFarAhead();
    if (this.#isHeld) return;
    this.#isReading = true;
    void this.#readOn();
  }

  /** Somebody who was behind is not any more. */
  advanced(): void {
    if (this.#isHeld) this.read();
  }

  #isTooFarAhead(): boolean {
    const { position } = this.#last;
    if (position <= this.#mostBehind) return false;
    for (const reader of this.#readers) if (position - reader.position > this.#mostBehind) return true;
    return false;
  }

  async #readOn(): Promise<void> {
    try {
      const { done, value: part } = await this.#source.next();
      this.#isReading = false;
      if (this.#outcome !== undefined) return;
      if (done) throw new SkeinError('MODEL_STREAM_TRUNCATED');
      if (part.type === 'finish') this.#finish(part);
      else this.#take(part);
    } catch (error) {
      if (this.#outcome === undefined) this.#end({ error: toSkeinError(error) }, undefined);
    }
    for (const reader of [...this.#readers]) reader.wake();
  }

  #take(part: Exclude<ModelPart, FinishPart>): void {
    this.#recorder.add(part);
    const position = this.#last.position + charactersOf(part);
    const link: Link = { part, next: undefined, position };
    this.#last.next = link;
    this.#last = link;
  }

  #finish(finish: FinishPart): void {
    const answer = this.#source.answer ?? this.#recorder.answer(finish);
    this.#end({ finish, answer }, answer);
  }

  #end(outcome: Outcome, answer: ModelResponse | undefined): void {
    this.#outcome = outcome;
    this.#ended(answer);
  }
}

function charactersOf(part: Exclude<ModelPart, FinishPart>): number {
  if (part.type === 'native') return part.bytes.length;
  return PART_CHARACTERS + (part.type === 'tool-call' ? part.arguments.length : part.text.length);
}
