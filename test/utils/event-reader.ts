/** Reads server-sent events of an answer one by one: the JSON of each that has data. */
export interface EventReader {
  next(): Promise<unknown>;
  close(): Promise<void>;
}

export function createEventReader(response: Response): EventReader {
  const reader = response.body?.getReader();
  if (reader === undefined) throw new Error('The answer has no body.');
  const decoder = new TextDecoder();
  let text = '';
  return {
    async next() {
      for (;;) {
        const end = text.indexOf('\n\n');
        if (end === -1) {
          const { value, done } = await reader.read();
          if (done) throw new Error(`The stream has ended: ${text}`);
          text += decoder.decode(value, { stream: true });
          continue;
        }
        const event = text.slice(0, end);
        text = text.slice(end + 2);
        const data = /^data: (.+)$/m.exec(event)?.[1];
        if (data !== undefined) return JSON.parse(data);
      }
    },
    close: () => reader.cancel(),
  };
}
