import { SkeinError } from '../../../kernel/errors.ts';
import type { CallContext } from '../../source.ts';
import { answerKey } from './answer-key.ts';
import { type AnswerStoreDeps, type CachedQuestion, lookUp } from './answer-store.ts';
import { type AnswerStream, Flight } from './flight.ts';
import type { FlightReader } from './flight-reader.ts';
import type { KeptModelAnswer } from './kept-answer.ts';

/** Where an answer comes from. */
export type Way =
  | { readonly kept: KeptModelAnswer; readonly ageMs: number }
  /** A call that is made for whoever leads it, and that others follow. */
  | { readonly kept?: undefined; readonly flight: Flight; readonly reader: FlightReader; readonly isLeader: boolean };

const MOST_FLIGHTS = 10_000;

/** The calls under way, by their questions: who asks the same meanwhile waits for the same answer. */
export class Flights {
  readonly #deps: Pick<AnswerStoreDeps, 'store' | 'clock'>;
  readonly #mostBehind: number | undefined;
  readonly #flights = new Map<string, Flight>();

  constructor(deps: Pick<AnswerStoreDeps, 'store' | 'clock'>, mostBehind?: number) {
    this.#deps = deps;
    this.#mostBehind = mostBehind;
  }

  /** Finds the answer, or who is asking for it, or asks. */
  async enter(question: CachedQuestion, open: (context: CallContext) => AnswerStream): Promise<Way> {
    const { route, request, context, options } = question;
    const key = answerKey(route, request, context, options);
    const found = this.#follow(key, context);
    if (found !== undefined) return found;
    const lookup = await lookUp(key, question, this.#deps);
    if (lookup.kept !== undefined) return { kept: lookup.kept, ageMs: lookup.ageMs };
    // Another may have asked meanwhile.
    const late = this.#follow(key, context);
    if (late !== undefined) return late;
    const shared = key !== undefined && !this.#flights.has(key) && this.#flights.size < MOST_FLIGHTS ? key : undefined;
    const leave = () => {
      if (shared !== undefined) this.#flights.delete(shared);
    };
    const flight = new Flight({
      context,
      open,
      mostBehind: this.#mostBehind,
      ended(answer) {
        const kept = answer && lookup.keep(answer);
        // Until it can be found, it is given to who asks.
        if (kept instanceof Promise) void kept.finally(leave);
        else leave();
      },
    });
    const reader = flight.join(context);
    if (reader === undefined) throw new SkeinError('INTERNAL_SERVER_ERROR');
    if (shared !== undefined) this.#flights.set(shared, flight);
    return { flight, reader, isLeader: true };
  }

  #follow(key: string | undefined, context: CallContext): Way | undefined {
    const flight = key === undefined ? undefined : this.#flights.get(key);
    const reader = flight?.join(context);
    return flight && reader && { flight, reader, isLeader: false };
  }
}
