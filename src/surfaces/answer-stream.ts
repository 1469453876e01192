import type { ServerResponse } from 'node:http';
import type { ModelStream } from '../../sources/ai/routes/route-stream.ts';
import { EVENT_STREAM } from '../http/media-types.ts';
import type { Lifetime } from '../lifetimes.ts';
import type { Exchange } from './exchange.ts';
import type { ChatCall, ChatFormat, StreamEncoder } from './format.ts';
import { tellCache, tellModel } from './told.ts';

/**
 * Writes the parts of an answer as they come, no faster than the client takes them. Until the first one an error has a
 * status of its own; after it, it is the last event.
 */
export async function answerStream(
  exchange: Exchange,
  format: ChatFormat,
  call: ChatCall,
  stream: ModelStream,
  lifetime: Lifetime,
  createdAt: number,
): Promise<void> {
  const { response, requestId } = exchange;
  const room = new Room(response, lifetime);
  let encoder: StreamEncoder | undefined;
  let isNative = false;
  let { model } = call;
  try {
    for (;;) {
      const { done, value: part } = await stream.next();
      if (done) break;
      if (!response.headersSent) {
        isNative = part.type === 'native';
        model = stream.model?.name ?? model;
        tellModel(response, model, isNative ? undefined : call.translation);
        tellCache(response, stream.cache);
        response.writeHead(200, EVENTS);
      }
      const isLast = part.type === 'finish';
      if (part.type === 'native') {
        if (!response.write(part.bytes)) await room.wait();
      } else if (!isNative) {
        encoder ??= format.stream(call, { model, requestId, createdAt });
        const events = encoder.part(part);
        if (events !== '' && !response.write(events) && !isLast) await room.wait();
      }
      if (isLast) break;
    }
    response.end();
  } catch (error) {
    if (!response.headersSent) exchange.fail(error);
    else if (!response.destroyed) response.end(format.failedStream(exchange.failureOf(error), requestId));
    if (lifetime.stopped !== undefined) lifetime.close();
  } finally {
    await stream.return?.();
  }
}

const EVENTS = {
  'content-type': `${EVENT_STREAM}; charset=utf-8`,
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
};

/** Waits until a client that reads slowly has room for more, or until there is nothing to wait for. */
class Room {
  #wake: (() => void) | undefined;
  readonly #response: ServerResponse;
  readonly #lifetime: Lifetime;

  constructor(response: ServerResponse, lifetime: Lifetime) {
    this.#response = response;
    this.#lifetime = lifetime;
    const wake = () => this.#wake?.();
    response.on('drain', wake);
    response.once('close', wake);
    lifetime.onStop(wake);
  }

  wait(): Promise<void> {
    if (this.#response.destroyed || this.#lifetime.stopped !== undefined) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
