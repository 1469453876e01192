import type { ServerResponse } from 'node:http';
import { type EventStream, openEventStream } from '../../http/event-stream.ts';
import type { Lifetime } from '../../lifetimes.ts';
import type { PublicResult } from '../../public-errors.ts';
import { publicFailure, type RestFailure } from './failure.ts';
import { AnswerGatherer } from './prompt-answer.ts';
import type { RestExchange } from './rest-exchange.ts';

/**
 * Writes an answer as it is written, no faster than the client takes it: `delta` for what is added to the text, then
 * `output` with the whole answer, or `error`. Until the first event an error has a status of its own.
 */
export async function streamAnswer(
  exchange: RestExchange,
  results: AsyncIterableIterator<PublicResult>,
  lifetime: Lifetime,
): Promise<void> {
  const { response, requestId } = exchange;
  const { signal } = lifetime.cancellation;
  const answer = new AnswerGatherer();
  let stream: EventStream | undefined;
  const fail = async (failure: RestFailure) => {
    if (stream === undefined) exchange.fail(failure);
    else await stream.send('error', failure.body, signal);
  };
  try {
    for (;;) {
      const { done, value: result } = await results.next();
      if (done === true || response.destroyed) break;
      const [error] = result.errors ?? [];
      if (error !== undefined) {
        await fail(publicFailure(error));
        return;
      }
      const text = answer.add(result.data?.event ?? {});
      stream ??= openEventStream(response);
      if (text !== '') await stream.send('delta', { text }, signal);
    }
    await (stream ?? openEventStream(response)).send('output', answer.whole(requestId), signal);
  } catch (error) {
    await fail(exchange.failureOf(error));
  } finally {
    await results.return?.();
    if (response.headersSent) response.end();
    lifetime.close();
  }
}

/** A whole answer as the one event of a stream. */
export async function sendOneEvent(response: ServerResponse, answer: unknown, lifetime: Lifetime): Promise<void> {
  const stream = openEventStream(response);
  await stream.send('output', answer, lifetime.cancellation.signal);
  stream.end();
  lifetime.close();
}
