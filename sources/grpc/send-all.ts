interface RequestStream {
  write(request: Buffer): boolean;
  end(): void;
  once(event: 'drain', listener: () => void): unknown;
}

/** Sends requests one after another and waits when the server does not keep up; then tells that there are no more. */
export function sendAll(call: RequestStream, requests: readonly Buffer[]): void {
  let next = 0;
  function send(): void {
    // A call that is over takes no more and never drains: the rest is forgotten with it.
    while (next < requests.length) {
      const request = requests[next];
      next += 1;
      if (request !== undefined && !call.write(request) && next < requests.length) {
        call.once('drain', send);
        return;
      }
    }
    call.end();
  }
  send();
}
